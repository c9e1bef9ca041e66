"""What a session says: to its logs, as far as they want to hear it, and to its black box, whatever they want."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from vigilog.ftpd.commands import classes_of
from vigilog.ftpd.log_file import LogFile
from vigilog.ftpd.log_lines import module_line, one_line, system_line, trace_line
from vigilog.ftpd.logs import DEBUG, Logs

ENDS = frozenset({"CONNECT", "EXIT"})

NO_LEVEL = 0
"""The level of messages of logs that have none."""


class Ring(Protocol):
    """The part of a black box's session that takes in messages."""

    def keep(self, log_type: str, level: int, text: bytes, moment: float | None = None, pid: int | None = None, /) -> None: ...


class SessionLog:
    """The logs of one server, heard by one session. `client` is its name and address; `ring`, if there is one, keeps every
    message."""

    def __init__(self, logs: Logs, client: tuple[str, str], ring: Ring | None) -> None:
        self.logs = logs
        self.ring = ring
        self._client = (client[0].encode(), client[1].encode())

    def say(self, level: int, text: str) -> None:
        """A message for the server log, with a severity of syslog's: 3 error, 4 warning, 5 notice, 6 information."""
        if self.ring is not None or level <= self.logs.highest:
            self._system(level, text, wanted=level <= self.logs.highest)

    def debug(self, level: int, text: str) -> None:
        """A message for the server log that it only takes in from this DebugLevel on."""
        if self.ring is not None or level <= self.logs.debug:
            # At DebugLevel 0 those of level 0 are told all the same.
            self._system(DEBUG, text, wanted=level <= self.logs.debug)

    def _system(self, level: int, text: str, *, wanted: bool) -> None:
        logs, data = self.logs, one_line(encoded(text))
        if logs.system is None:
            if self.ring is not None:
                self.ring.keep("syslog", level, data, None, logs.pid)
            if wanted and logs.syslog is not None:
                logs.syslog.send(level, b"%s (%s[%s]): %s" % (logs.server, *self._client, data))
            return
        line = system_line(logs.clock(), logs.host, logs.pid, logs.server, self._client, data)
        if self.ring is not None:
            self.ring.keep("SystemLog", level, line)
        if wanted:
            logs.system.write(line)

    def trace(self, channel: str, level: int, text: str) -> None:
        """A message of a trace channel, level 1 (important) to 20 (chatter)."""
        wanted = self.logs.traced(channel, level)
        if self.ring is None and not wanted:
            return
        line = trace_line(self.logs.clock(), self.logs.pid, channel, level, encoded(text))
        if self.ring is not None:
            self.ring.keep("TraceLog", level, line)
        if wanted and self.logs.trace is not None:
            self.logs.trace.write(line)

    def module(self, log: LogFile | None, module: str, text: str) -> None:
        """A message for the own log of a module, such as WrapLog, if it has one."""
        line = module_line(self.logs.clock(), module, self.logs.pid, encoded(text))
        if self.ring is not None:
            self.ring.keep("Unspec", NO_LEVEL, line)
        if log is not None:
            log.write(line)

    def transfer(self, line: bytes) -> None:
        """A line of TransferLog."""
        if self.ring is not None:
            self.ring.keep("TransferLog", NO_LEVEL, line)
        if self.logs.transfer is not None:
            self.logs.transfer.write(line)

    def extended(self, command: str, event: Mapping[str, Any]) -> None:
        """A command that was done or refused, for each ExtendedLog that records such a one."""
        classes = classes_of(command)
        for each in self.logs.extended:
            # The beginning and the end of a session are no commands: ALL does not ask for them.
            if not each.wanted.wants(classes) or (command in ENDS and command not in each.wanted.classes):
                continue
            line = one_line(each.format.render(event))
            if self.ring is not None:
                self.ring.keep("ExtendedLog", each.target if isinstance(each.target, int) else NO_LEVEL, line)
            if isinstance(each.target, LogFile):
                each.target.write(line)
            elif self.logs.extended_syslog is not None:
                self.logs.extended_syslog.send(each.target, line)


def encoded(text: str) -> bytes:
    """Text with names as a client sent them."""
    return text.encode("utf-8", "surrogateescape")
