"""The way of events to Kafka: no client waits for a broker or for the disk, and nothing is lost while brokers are away."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from vigilog.core.clock import Clock
from vigilog.core.errors import StoreError, VigilogError
from vigilog.ftpd.hosts import Host, service
from vigilog.ftpd.kafka_events import Sender
from vigilog.ftpd.kafka_outlet import Outlet, key
from vigilog.ftpd.log_file import LogFile
from vigilog.ftpd.log_lines import module_line, stamp
from vigilog.ftpd.rights import Identity, Rights
from vigilog.ship.properties import check
from vigilog.ship.settings import Connection, SpoolSettings
from vigilog.ship.spool import Spool

MODULE = "mod_kafka/0.1"
"""What lines of a KafkaLog begin with, as ProFTPD's do."""

INFORMATION, NOTICE, WARNING = 6, 5, 4


class Outlets:
    """All of them, each with a spool below `directory`. What they say goes to the KafkaLogs, and to the server log by `note`,
    when `answer` is called; the loop does that when `descriptor` is readable."""

    def __init__(self, directory: str, rights: Rights, note: Callable[[int, str], None], clock: Clock) -> None:
        self.descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._directory, self._rights, self._note, self._clock = os.path.join(directory, "kafka"), rights, note, clock
        self._said: deque[tuple[Sequence[LogFile], int, str]] = deque()
        self._open: dict[str, Outlet] = {}
        self._logs: dict[str, list[LogFile]] = {}

    def prepare(self, hosts: Sequence[Host], owner: Identity) -> None:
        """Makes the directories of their spools, for whoever the process will be. Raises StoreError."""
        for name in groups(hosts):
            self._spool(name, owner)

    def serve(self, hosts: Sequence[Host]) -> None:
        """Gives these servers their ways out, those who want one. Threads begin here, with the rights of this moment; they keep
        them, and the C library ends a process that changes those of all its threads while they are not the same.

        Raises ConfigurationError for a broker or a property that cannot be used, StoreError for a spool, MissingExtra."""
        for host in hosts:
            if host.settings.kafka.engine and not wanted(host):
                self._say(files([host]), WARNING, "no KafkaBroker configured, disabling module")
        for group in groups(hosts).values():
            check(group[0].settings.kafka.connection)
        for name, group in groups(hosts).items():
            self._logs[name] = files(group)
            outlet = self._outlet(name, group[0].settings.kafka.connection)
            for host in group:
                host.sender = Sender(host.settings, outlet)
        self._look_for_others()

    def _look_for_others(self) -> None:
        """Says where events wait of servers that are no more, or have another name."""
        try:
            there = sorted(os.listdir(self._directory))
        except OSError:  # no server ever sent anything, or root's rights are given up
            return
        for name in [each for each in there if each not in self._open]:
            path = os.path.join(self._directory, name)
            with suppress(VigilogError):
                spool = Spool(SpoolSettings(path), say=self.notice)
                waiting, _ = spool.spooled
                spool.close()
                if waiting:
                    self._say((), WARNING, f"{waiting} events wait in {path}, and no server sends them")

    def _outlet(self, name: str, connection: Connection) -> Outlet:
        outlet = self._open.get(name)
        if outlet is None:
            path = os.path.join(self._directory, name)
            outlet = Outlet(connection, path, lambda text: self._say(self._logs[name], WARNING, text), self._clock)
            self._open[name] = outlet
        elif outlet.key != key(connection):
            outlet.connect(connection)
        return outlet

    def _spool(self, name: str, owner: Identity) -> None:
        """The directory of a spool. If root's rights will be given up it is the server's user's, who must be able to go there.
        Raises StoreError."""
        path = os.path.join(self._directory, name)
        try:
            os.makedirs(path, mode=0o700, exist_ok=True)
            if self._rights.can_change and os.stat(path).st_uid != owner.uid:
                # Only root, or somebody who can do no more than its former owner, has put anything there.
                for each in (path, *(os.path.join(path, name) for name in os.listdir(path))):
                    os.chown(each, owner.uid, owner.gid, follow_symlinks=False)
            if self._rights.can_change and owner.uid:
                for parent in (self._directory, os.path.dirname(self._directory)):
                    os.chmod(parent, 0o711)  # noqa: S103 - to go through, and see nothing
        except OSError as error:
            raise StoreError(f"the spool {path} cannot be made ({error.strerror})", remedy="choose --ring-directory") from error

    def notice(self, text: str) -> None:
        """A line for the server log alone."""
        self._say((), NOTICE, f"notice: {text}")

    def _say(self, logs: Sequence[LogFile], level: int, text: str) -> None:
        """Also called from other threads."""
        self._said.append((logs, level, text))
        os.eventfd_write(self.descriptor, 1)

    def answer(self) -> None:
        """Writes down what was said."""
        with suppress(BlockingIOError):
            os.eventfd_read(self.descriptor)
        while self._said:
            logs, level, text = self._said.popleft()
            data = text.encode("utf-8", "surrogateescape")
            for log in logs:
                log.write(module_line(self._clock(), MODULE, os.getpid(), data))
            self._note(level, f"{MODULE}: {text}")

    def status(self) -> str:
        """How the sending does, in one line; '' if nothing is sent."""
        counts = [each.counts for each in self._open.values()]
        if not counts:
            return ""
        away = min((each.away_since for each in counts if each.away_since is not None), default=None)
        numbers = {
            "acknowledged": sum(each.acknowledged for each in counts),
            "waiting": sum(each.waiting for each in counts),
            "dropped": sum(each.dropped for each in counts),
            "dead letters": sum(each.dead for each in counts),
        }
        told = ", ".join(f"{number} {what}" for what, number in numbers.items() if number or what == "acknowledged")
        return f"Kafka: {told}" + (f", away since {stamp(away).decode()[:19]}" if away is not None else "")

    def close(self, seconds: float) -> None:
        """Gives the brokers so much time, all of them together; what they did not acknowledge is sent by the next start."""
        until = time.monotonic() + seconds
        for name, outlet in self._open.items():
            self._say(self._logs[name], INFORMATION, f"end: {outlet.close(max(until - time.monotonic(), 0.0))}")
        self._open.clear()
        self.answer()


def wanted(host: Host) -> bool:
    """Whether a server has events to send, and somewhere to send them."""
    return host.settings.kafka.engine and bool(host.settings.kafka.connection.brokers)


def groups(hosts: Iterable[Host]) -> dict[str, list[Host]]:
    """Servers with events to send, those together that send them the same way. A group, and its spool, is called like its first
    server: the next start finds it."""
    together: dict[tuple[object, ...], list[Host]] = {}
    for host in filter(wanted, hosts):
        together.setdefault(key(host.settings.kafka.connection), []).append(host)
    found: dict[str, list[Host]] = {}
    for group in together.values():
        name = service(group[0].settings)
        others = sum(other == name or other.startswith(f"{name}.") for other in found)
        found[f"{name}.{others + 1}" if others else name] = group
    return found


def files(group: Iterable[Host]) -> list[LogFile]:
    """The KafkaLogs of some servers, each once."""
    return list({id(log): log for host in group if (log := host.logs.kafka) is not None}.values())
