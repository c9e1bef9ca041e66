"""Syslog messages as they travel, to lines as they stand in a log: `STAMP HOST PROGRAM[PID]: MESSAGE`.

What RFC 5424 itself says of the transport (timeQuality, origin, meta: logger sends the first with each message) is left out, so
that a message stands where it does in any other log; other structured data stays, between program and message.

RFC 3164 as glibc's syslog(), util-linux's logger (2.38) and rsyslog (8, both its forward formats) send it, and RFC 5424. The
sender's own stamp stays as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

FACILITIES = (
    *("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"),
    *("ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"),
)
"""The facilities by their numbers (RFC 5424, table 1; the words are those of syslog.conf)."""
SEVERITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
"""The severities by their numbers."""

_ISO = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?"
_SHORT = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ 0-3]\d \d\d:\d\d:\d\d(?:\.\d{1,9})?"
_TAG = rb"[^\s:\[\]]{1,255}(?:\[[^\s\]]{0,64}\])?:(?: |\Z)"
_PARAMETER = rb' [^\s="\]]{1,32}="[^"\\\]]*(?:\\.[^"\\\]]*)*"'

_PRIORITY = re.compile(rb"<(\d{1,3})>")
_OLD = re.compile(
    rb"(" + _SHORT + rb"|" + _ISO + rb"(?:Z|[+-]\d\d:?\d\d)?) "
    rb"(?:(?P<tag>" + _TAG + rb")|(?P<host>[^\s]{1,255}) (?P<tag_behind>" + _TAG + rb")|(?P<word>[\w.:-]{1,255}) )?"
)  # fmt: skip
_NEW = re.compile(
    rb"1 (?P<stamp>-|"
    + _ISO
    + rb"(?:Z|[+-]\d\d:\d\d)) (?P<host>\S{1,255}) (?P<program>\S{1,48}) (?P<process>\S{1,128}) \S{1,32} "
    rb"(?P<data>-|(?:\[[^\s=\"\]]{1,32}(?:" + _PARAMETER + rb")*\])+)(?: |\Z)",
    re.DOTALL,
)
_TRANSPORT = re.compile(rb"\[(?:timeQuality|origin|meta)(?:" + _PARAMETER + rb")*\]", re.DOTALL)
_LONGEST_HEADER = 64 * 1024
"""What stands before a message is looked for in so many bytes: structured data can be made to take long."""
_BREAKS = b"\0\n\v\f\r"
_MARK = b"\xef\xbb\xbf"


class Record(NamedTuple):
    """A line without its newline, and the number of facility and severity (8 * facility + severity), if it was given."""

    line: bytes
    priority: int | None


def record(message: bytes, host: bytes, arrived: Callable[[], bytes], *, is_local: bool) -> Record:
    """The line that a message becomes.

    `host` stands where the message names none: this host's name for a local sender (`is_local`, who never names it), the
    sender's address otherwise. `arrived` gives the time of arrival as an RFC 3339 stamp, for a message without one; what
    follows then is the text as it came. Line breaks and NUL become `#012` and so on, so that nobody forges a line; those at
    the end are dropped.
    """
    text = message.rstrip(b"\r\n\0")
    priority = None
    found = _PRIORITY.match(text)
    if found and int(found[1]) < 8 * len(FACILITIES):
        priority = int(found[1])
        text = text[found.end() :]
    new = _NEW.match(text[:_LONGEST_HEADER]) if priority is not None else None
    if new and new.end() == _LONGEST_HEADER:
        new = None
    line = _new(text, new, host, arrived) if new else _old(text, host, arrived, is_local=is_local)
    return Record(escape(line), priority)


def escape(line: bytes) -> bytes:
    """`line` with NUL, newline, vertical tab, form feed and carriage return as `#` and three octal digits."""
    if len(line.translate(None, _BREAKS)) < len(line):
        for code in _BREAKS:
            line = line.replace(bytes([code]), b"#%03o" % code)
    return line


def _new(text: bytes, found: re.Match[bytes], host: bytes, arrived: Callable[[], bytes]) -> bytes:
    stamp, sender, program, process, data = found.group("stamp", "host", "program", "process", "data")
    return (
        b"%s %s %s%s: %s%s"
        % (
            arrived() if stamp == b"-" else stamp,
            host if sender == b"-" else sender,
            program,  # also where it is `-`: what the message begins with must not be taken for a program
            b"" if process == b"-" else b"[%s]" % process,
            _data(data),
            text[found.end() :].removeprefix(_MARK),
        )
    )


def _data(elements: bytes) -> bytes:
    kept = _TRANSPORT.sub(b"", elements)
    return b"" if kept in {b"", b"-"} else kept + b" "


def _old(text: bytes, host: bytes, arrived: Callable[[], bytes], *, is_local: bool) -> bytes:
    found = _OLD.match(text)
    if found is None:
        return b"%s %s %s" % (arrived(), host, text)
    if found["host"] or (found["word"] and not is_local):
        return text
    return b"%s %s %s" % (found[1], host, text[len(found[1]) + 1 :])
