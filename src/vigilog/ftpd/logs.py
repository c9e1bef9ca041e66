"""The logs of one server: opened at the start, shared by its sessions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from vigilog.config.proftpd_settings import OFF, AnonymousSettings, Configuration, ExtendedLog, Off, ServerSettings
from vigilog.core.clock import Clock
from vigilog.ftpd.log_file import LogFile
from vigilog.ftpd.syslog_socket import LEVELS, SyslogSocket
from vigilog.patterns.logformat import LogFormat

CLASSIC = '%h %l %u %t "%r" %s %b'
"""What an ExtendedLog without a LogFormat writes."""

TRANSFER_LOG = "/var/log/proftpd/xferlog"
"""Where transfers are logged when the configuration says nothing about it."""

NOTICE, DEBUG = 5, 7


class Extended(NamedTuple):
    """One ExtendedLog, ready to be written: a file, or a severity for syslog."""

    wanted: ExtendedLog
    format: LogFormat
    target: LogFile | int


@dataclass
class Logs:
    """Where messages of one server go. `system` None and `syslog` None: nowhere (SystemLog none).

    `highest` is the least important severity that the server log takes in, `debug` the highest DebugLevel that does;
    `trace_levels` the highest level of each trace channel. `host` and `server` are the names in the server log's lines."""

    host: bytes
    server: bytes
    pid: int
    clock: Clock
    system: LogFile | None = None
    syslog: SyslogSocket | None = None
    transfer: LogFile | None = None
    trace: LogFile | None = None
    trace_levels: Mapping[str, int] = field(default_factory=dict)
    extended: tuple[Extended, ...] = ()
    extended_syslog: SyslogSocket | None = None
    wrap: LogFile | None = None
    tls: LogFile | None = None
    kafka: LogFile | None = None
    highest: int = NOTICE
    debug: int = 0

    def files(self) -> Iterator[LogFile]:
        """All that are files."""
        for log in (
            self.system,
            self.transfer,
            self.trace,
            self.wrap,
            self.tls,
            self.kafka,
            *(each.target for each in self.extended),
        ):
            if isinstance(log, LogFile):
                yield log

    def traced(self, channel: str, level: int) -> bool:
        """Whether TraceLog takes in a message of that channel and level."""
        return self.trace is not None and level <= self.trace_levels.get(channel, self.trace_levels.get("DEFAULT", 0))


class Opener:
    """Opens logs, each path once, however many servers write to it. `troubles` are the ones that could not be opened."""

    def __init__(self, clock: Clock, host: str, pid: int) -> None:
        self.files: dict[str, LogFile] = {}
        self.troubles: list[str] = []
        self._clock, self._host, self._pid = clock, host, pid

    def open(self, directive: str, path: str | Off | None, *, links: bool) -> LogFile | None:
        """The log at the path; None if there is to be none, or if it cannot be opened."""
        if path is None or isinstance(path, Off):
            return None
        if path not in self.files:
            made = LogFile(path, links=links)
            if made.trouble:
                self.troubles.append(f"unable to open {directive} '{path}': {made.trouble}")
                return None
            self.files[path] = made
        return self.files[path]

    def logs(self, settings: Configuration, server: ServerSettings, shown: str, debug: int | None) -> Logs:
        """The logs of one server, which shows itself as `shown` (its address). `debug` replaces its DebugLevel."""
        links = server.allow_log_symlinks
        level = server.debug_level if debug is None else debug
        path = server.server_log if server.server_log is not None else settings.system_log
        system = self.open("SystemLog", path, links=links)
        to_syslog = system is None and path is not OFF
        syslog = SyslogSocket(settings.syslog_facility, self._pid, self._clock)
        default = None if server.transfer_log is not None else TRANSFER_LOG
        return Logs(
            host=self._host.encode(),
            server=shown.encode(),
            pid=self._pid,
            clock=self._clock,
            system=system,
            syslog=syslog if to_syslog else None,
            extended_syslog=syslog,
            transfer=self.open("TransferLog", server.transfer_log or default, links=links),
            trace=self.open("TraceLog", settings.trace_log, links=links),
            trace_levels={**settings.trace, **server.session_trace},
            extended=tuple(self.extended(server.extended_logs, links=links)),
            wrap=self.open("WrapLog", server.wrap.log, links=links),
            tls=self.open("TLSLog", server.tls.log, links=links),
            kafka=self.open("KafkaLog", server.kafka.log, links=links) if server.kafka.engine else None,
            highest=DEBUG if level > 0 else severity(settings),
            debug=level,
        )

    def of_anonymous(self, logs: Logs, section: AnonymousSettings, *, links: bool) -> Logs:
        """The logs of those who are put into an <Anonymous>: the server's, but for those that it has of its own."""
        transfer = logs.transfer
        if section.transfer_log is not None:
            transfer = self.open("TransferLog", section.transfer_log, links=links)
        extended = tuple(self.extended(section.extended_logs, links=links)) if section.extended_logs else logs.extended
        return replace(logs, transfer=transfer, extended=extended)

    def extended(self, wanted: tuple[ExtendedLog, ...], *, links: bool) -> Iterator[Extended]:
        """Those ExtendedLogs that can be written."""
        for each in wanted:
            form = LogFormat(each.format or CLASSIC, "proftpd", each.place)
            if each.path.startswith("syslog:"):
                yield Extended(each, form, LEVELS.get(each.path.removeprefix("syslog:").lower(), 6))
            elif log := self.open("ExtendedLog", each.path, links=links):
                yield Extended(each, form, log)


def severity(settings: Configuration) -> int:
    """The least important severity that the server log takes in without DebugLevel: as SyslogLevel says, otherwise notices."""
    said = settings.servers[0].place_of("SyslogLevel")
    return LEVELS.get(settings.syslog_level.lower(), NOTICE) if said else NOTICE
