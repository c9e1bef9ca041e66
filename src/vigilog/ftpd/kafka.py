"""The way of events to Kafka: no client waits for a broker or for the disk, and nothing is lost while brokers are away."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from threading import Event, Lock, Thread

from vigilog.core.clock import Clock
from vigilog.core.errors import DeliveryError, StoreError
from vigilog.ftpd.hosts import Host, service
from vigilog.ftpd.kafka_events import Sender
from vigilog.ftpd.log_file import LogFile
from vigilog.ftpd.log_lines import module_line
from vigilog.ftpd.rights import Identity, Rights
from vigilog.ship.properties import check
from vigilog.ship.record import Record
from vigilog.ship.settings import Connection, SpoolSettings
from vigilog.ship.shipper import Shipper

MODULE = "mod_kafka/0.1"
"""What lines of a KafkaLog begin with, as ProFTPD's do."""

INFORMATION, NOTICE, WARNING = 6, 5, 4

LOOKS = 0.25
"""Seconds between two looks whether events were acknowledged. What was not for longer than that is put on the disk: no event is
older than twice as much when it is safe."""

Said = Callable[[str], None]


def key(connection: Connection) -> tuple[object, ...]:
    """What makes two connections the same, wherever they are written."""
    last = {each.name: each.value for each in connection.properties}
    return (*connection.brokers, *sorted(last.items()))


class Outlet:
    """One shipper, and what keeps its records safe: shared by all servers with the same brokers and properties. `say` is called
    from other threads."""

    def __init__(self, connection: Connection, directory: str, say: Said, clock: Clock) -> None:
        self.key = key(connection)
        self._directory, self._say, self._clock = directory, say, clock
        self._offered, self._closing = Event(), Event()
        self._swapping = Lock()
        self._last = 0
        self._shipper = self._opened(connection)
        self._keeper = Thread(target=self._keep, name="kafka-keeper", daemon=True)
        self._keeper.start()

    def _opened(self, connection: Connection) -> Shipper:
        return Shipper(connection, SpoolSettings(self._directory, when_full="drop-oldest"), say=self._say, clock=self._clock)

    def offer(self, records: Sequence[Record]) -> None:
        """Takes records; waits for nothing."""
        self._last = self._shipper.offer(records)
        if not self._offered.is_set():
            self._offered.set()

    def connect(self, connection: Connection) -> None:
        """Other brokers or properties: what waits goes there."""
        with self._swapping:
            self._shipper.close(0)
            self._shipper, self.key = self._opened(connection), key(connection)

    def _keep(self) -> None:
        """Whatever was offered is acknowledged, or on the disk, a moment later. A full disk is tried again."""
        while not self._closing.is_set():
            self._offered.wait()
            self._offered.clear()
            number = self._last
            self._closing.wait(LOOKS)
            try:
                with self._swapping:
                    safe = self._shipper.settle(0, number)
            except DeliveryError as error:
                self._say(str(error))
                return
            if not safe:
                self._offered.set()

    def close(self, seconds: float) -> str:
        """Gives brokers that are there so much time, keeps the rest for the next start, and says what became of it."""
        self._closing.set()
        self._offered.set()
        until = time.monotonic() + seconds
        while (now := self._shipper.counts).waiting and now.away_since is None and time.monotonic() < until:
            time.sleep(LOOKS / 10)
        return str(self._shipper.close(0))


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
