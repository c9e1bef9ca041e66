"""The FTP daemon: from a configuration to a server that runs, is reloaded and stops."""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import IO

from vigilog import __version__
from vigilog.config.proftpd_settings import Configuration
from vigilog.core.clock import Clock
from vigilog.core.errors import VigilogError
from vigilog.ftpd.comparisons import Comparisons
from vigilog.ftpd.hosts import Host, given_up, hosts, identity, ring_directory
from vigilog.ftpd.kafka import Outlets
from vigilog.ftpd.log_lines import system_line
from vigilog.ftpd.logs import DEBUG, Logs, Opener
from vigilog.ftpd.record import UNTIMELY_DEATH
from vigilog.ftpd.rights import Rights
from vigilog.ftpd.rooted import usable
from vigilog.ftpd.server import Listener, Waiting, descriptors, listening, loop, turn, wanted
from vigilog.run.service import Service
from vigilog.run.signals import Signals

LOOKS = 1.0
"""Seconds between two looks whether a log was rotated."""
STATUS = 5.0
"""Seconds between two lines for `systemctl status`."""
FLUSH = 5.0
"""Seconds that brokers have at the end to take what waits."""


class Daemon:
    """Serves a configuration. `again` reads it anew (it raises VigilogError or a group of them), `say` tells the administrator,
    `directory` is where rings are kept, `debug` replaces DebugLevel."""

    def __init__(
        self,
        configuration: Configuration,
        *,
        again: Callable[[], Configuration],
        say: Callable[[str], None],
        directory: str | None,
        debug: int | None,
        clock: Clock,
    ) -> None:
        self._configuration = configuration
        self._again, self._say, self._directory, self._debug, self._clock = again, say, directory, debug, clock
        self._rights = Rights(identity(configuration.servers[0]))
        self._opener = Opener(clock, socket.gethostname().partition(".")[0], os.getpid())
        self._outlets = Outlets(directory or ring_directory(), self._rights, self._note, clock)
        self._loop = loop()
        self._comparisons = Comparisons()
        self._listeners: dict[tuple[str, int], Listener] = {}
        self._leaving: list[Host] = []
        self._looked = 0.0
        self._faults: IO[bytes] | None = None
        self._stopping = False
        self._pid_file: str | None = None
        """Where the number of this process stands."""
        usable()
        self._hosts = self._made(configuration)

    def run(self) -> None:
        """Serves until SIGTERM or SIGINT. A session that is open then ends as if nothing had happened to it."""
        service = Service()
        descriptors()
        with Signals((signal.SIGTERM, signal.SIGINT, signal.SIGHUP)) as signals:
            Waiting(self._loop, signals.fileno(), lambda: self._told(signals.received()))
            Waiting(self._loop, self._comparisons.descriptor, self._comparisons.answer)
            Waiting(self._loop, self._outlets.descriptor, self._outlets.answer)
            logging.getLogger("pyftpdlib").addHandler(ToLog(lambda text: self._note(3, text)))
            kind: str | None = UNTIMELY_DEATH
            try:
                self._begin()
                service.ready(self._outlets.status())
                self._loop.call_every(STATUS, lambda: service.status(self._outlets.status()))
                turn(self._loop, lambda: self._stopping)
                kind = None
            finally:
                self._end(kind)

    def _begin(self) -> None:
        self._listen()
        self._write_pid()
        self._watch_for_faults()
        main = self._configuration.servers[0]
        self._rights.settle(for_good=main.root_revoke)
        with self._rights.root():
            self._send(self._hosts)
        self._note(5, f"Vigilog {__version__} FTP server standalone mode STARTUP")

    def _watch_for_faults(self) -> None:
        """Where the process was when it died of a fault becomes part of the blocks that the next start writes."""
        paths = [path for host in self._hosts if host.box is not None and (path := host.box.fault_path())]
        if paths:
            descriptor = os.open(paths[0], os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            self._faults = open(descriptor, "wb")  # noqa: SIM115 - open as long as the process lives
            faulthandler.enable(self._faults)

    def _made(self, configuration: Configuration) -> list[Host]:
        made = hosts(
            configuration,
            self._opener,
            self._rights,
            directory=self._directory,
            debug=self._debug,
            say=self._say,
            clock=self._clock,
        )
        for trouble in self._opener.troubles:
            self._say(trouble)
            if "KafkaLog" in trouble:
                self._outlets.notice(trouble)
        self._opener.troubles.clear()
        try:
            self._outlets.prepare(made, self._rights.lasting(for_good=configuration.servers[0].root_revoke))
        except VigilogError:
            given_up(made)
            raise
        return made

    def _send(self, made: list[Host]) -> None:
        """Lets servers send events. Without that, they do not serve."""
        try:
            self._outlets.serve(made)
        except VigilogError:
            given_up(made)
            raise

    def _listen(self) -> None:
        configuration = self._configuration
        places = wanted(self._hosts, ipv6=configuration.ipv6)
        for place in places:
            if place in self._listeners:
                continue
            with self._rights.root():
                made = listening(*place, ipv6=configuration.ipv6, backlog=configuration.tcp_backlog)
            self._listeners[place] = Listener(
                *(made, self._loop, lambda port=place[1]: self._of_port(port)),
                *(self._look_at_logs, self._has_room),
                backlog=configuration.tcp_backlog,
                comparisons=self._comparisons,
            )
        for place in [each for each in self._listeners if each not in places]:
            self._listeners.pop(place).close()

    def _of_port(self, port: int) -> list[Host]:
        return [host for host in self._hosts if host.settings.port == port]

    def _has_room(self) -> bool:
        most = self._configuration.max_instances
        if not most:
            return True
        here = sum(len(host.connections) for host in (*self._hosts, *self._leaving))
        if here >= most:
            self._note(4, f"MaxInstances ({most}) reached, new connection denied")
        return here < most

    def _look_at_logs(self) -> None:
        """A log that was rotated is opened anew."""
        now = time.monotonic()
        if now - self._looked < LOOKS:
            return
        self._looked = now
        with self._rights.root():
            for log in self._opener.files.values():
                if log.moved():
                    log.reopen()
            for host in [each for each in self._leaving if not each.connections]:
                self._leaving.remove(host)
                if host.box is not None:
                    host.box.close()

    def _told(self, numbers: list[int]) -> None:
        if signal.SIGTERM in numbers or signal.SIGINT in numbers:
            self._stopping = True
        elif signal.SIGHUP in numbers:
            self._reload()

    def _reload(self) -> None:
        """The configuration is read anew; sessions that are open keep what they have. With a mistake in it, the old one
        holds."""
        with self._rights.root():
            for log in self._opener.files.values():
                log.reopen()
            try:
                configuration = self._again()
                made = self._made(configuration)
                self._send(made)
            except VigilogError as error:
                self._say(f"not reloaded: {error}")
                return
            except ExceptionGroup as group:
                for mistake in group.exceptions:
                    self._say(f"not reloaded: {mistake}")
                return
            self._leaving += self._hosts
            self._configuration, self._hosts = configuration, made
        try:
            self._listen()
        except VigilogError as error:
            self._say(str(error))
        self._note(5, "received SIGHUP -- master server reparsing configuration file")

    def _note(self, level: int, text: str) -> None:
        """A message about no session."""
        logs: Logs = self._hosts[0].logs
        if level > max(logs.highest, DEBUG if logs.debug else 0):
            return
        data = text.encode("utf-8", "surrogateescape")
        if logs.system is not None:
            logs.system.write(system_line(self._clock(), logs.host, logs.pid, logs.server, None, data))
        elif logs.syslog is not None:
            logs.syslog.send(level, b"%s: %s" % (logs.server, data))

    def _write_pid(self) -> None:
        path = self._configuration.pid_file
        if path is not None:
            try:
                with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o644), "w") as file:
                    print(os.getpid(), file=file)
                self._pid_file = path
            except OSError as error:
                self._say(f"unable to write PidFile '{path}': {error.strerror}")

    def _end(self, kind: str | None) -> None:
        """The end of all sessions. A normal one leaves no block (`kind` None)."""
        if kind is None:
            self._note(5, f"Vigilog {__version__} FTP server standalone mode SHUTDOWN")
        faulthandler.disable()
        with self._rights.root():
            for host in (*self._hosts, *self._leaving):
                for connection in list(host.connections):
                    connection.end_reason = "Server shutting down"
                    connection.finish(kind)
                if host.box is not None:
                    host.box.close()
            self._outlets.close(FLUSH)
            for log in self._opener.files.values():
                log.close()
            if self._pid_file is not None:
                with suppress(OSError):
                    os.unlink(self._pid_file)
        with suppress(OSError):
            self._loop.close()


class ToLog(logging.Handler):
    """Takes in what pyftpdlib logs of itself."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(logging.INFO)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        self._say(record.getMessage())
