"""Files of forensic blocks, as ProFTPD's mod_log_forensic (1.3.8, module 0.2) and Vigilog's black box write them.

    -----BEGIN FAILED LOGIN FORENSICS-----
    Client-Address: 127.0.0.1
    ...
    (an empty line)
    [TraceLog:7] text
    [syslog:6, PID 4711] text
    -----END FAILED LOGIN FORENSICS-----

A block has no escapes: text is bytes as they came, a message may be several lines, and the blocks of ProFTPD's parallel
sessions run into each other. What that leaves open is settled by the process numbers inside the messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

LOG_TYPES = ("Unspec", "TransferLog", "syslog", "SystemLog", "ExtendedLog", "TraceLog")
"""The types of log that a message can come from, as their tags are written."""

ABOVE = 50
"""The level of a message whose tag shows `N`: this or more."""

WHOLE = "PID"
"""A header field that only Vigilog writes. Its blocks are appended whole, so nothing in them is of another block."""

_MARKER = re.compile(rb"-----(BEGIN|END) ([^\r\n]{1,80}) FORENSICS-----\r?")
_TAG = re.compile(rb"\[(Unspec|TransferLog|syslog|SystemLog|ExtendedLog|TraceLog):([0-9]{1,2}|N)(?:, PID ([0-9]{1,10}))?\] ")
_PROCESS = re.compile(
    rb"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8},[0-9]{3} (?:\S{1,255} )?\S{0,64}\[([0-9]{1,10})\]",
)


class Message(NamedTuple):
    """One message of a block: its log type (of LOG_TYPES), its level as the tag shows it (ABOVE for `N`), its text without the
    final newline, and the process number of a `syslog` tag."""

    log_type: str
    level: int
    text: bytes
    pid: int | None = None


class Block(NamedTuple):
    """One block: its name (`FAILED LOGIN`), header fields in their order, messages, whether its end marker is there, and the
    number of the line (from 1) that its begin marker stands on. The last message of one that is not complete may be torn."""

    kind: str
    header: tuple[tuple[str, str], ...]
    messages: tuple[Message, ...]
    complete: bool
    line: int

    def value(self, key: str) -> str | None:
        """The value of the first header field named `key`, or None."""
        return next((value for name, value in self.header if name == key), None)


def blocks(lines: Iterable[bytes]) -> Iterator[Block]:
    """The blocks in `lines` (with or without their newlines), each as soon as it is complete; those without an end at the end.

    Lines outside of blocks are passed over. Header values lose NUL bytes; what is no UTF-8 in them becomes lone surrogates.
    """
    opened: list[_Open] = []
    current: _Open | None = None
    for number, raw in enumerate(lines, 1):
        line = raw[:-1] if raw.endswith(b"\n") else raw
        marker = _MARKER.fullmatch(line) if line.startswith(b"-----") else None
        if marker and marker[1] == b"BEGIN":
            current = _Open(_text(marker[2]), number)
            opened.append(current)
        elif marker:
            ended = _ended(opened, current, _text(marker[2]))
            if ended:
                opened.remove(ended)
                yield ended.block(complete=True)
                if ended is current:
                    current = opened[-1] if opened else None
        elif current:
            current = _taken(line, current, opened)
    for left in opened:
        yield left.block(complete=False)


class _Open:
    """A block whose end was not read yet."""

    def __init__(self, kind: str, line: int) -> None:
        self.kind = kind
        self.line = line
        self.header: list[tuple[str, str]] = []
        self.messages: list[Message] = []
        self.more: list[bytes] = []
        self.in_header = True
        self.pid: int | None = None
        self.whole = False

    def add(self, message: Message) -> None:
        self._close()
        self.messages.append(message)

    def go_on(self, line: bytes) -> None:
        self.more.append(line)

    def block(self, *, complete: bool) -> Block:
        self._close()
        return Block(self.kind, tuple(self.header), tuple(self.messages), complete, self.line)

    def _close(self) -> None:
        if self.more and self.messages:
            last = self.messages[-1]
            self.messages[-1] = last._replace(text=b"\n".join([last.text, *self.more]))
        self.more = []


def _taken(line: bytes, current: _Open, opened: list[_Open]) -> _Open:
    """Puts `line` where it belongs and returns the block that it went to."""
    if current.in_header:
        if not line:
            current.in_header = False
            return current
        key, colon, value = line.partition(b": ")
        if colon and not _TAG.match(line):
            current.header.append((_text(key), _text(value.replace(b"\0", b""))))
            current.whole = current.whole or current.header[-1][0] == WHOLE
            return current
    found = _TAG.match(line)
    if not found:
        if not current.in_header:
            current.go_on(line)
        return current
    level = ABOVE if found[2] == b"N" else int(found[2])
    message = Message(found[1].decode(), level, line[found.end() :], int(found[3]) if found[3] else None)
    into = current if current.whole else _of(message, current, opened)
    into.add(message)
    return into


def _of(message: Message, current: _Open, opened: list[_Open]) -> _Open:
    """The block that `message` belongs to, of those that are open."""
    pid = message.pid or _pid(message.text)
    if pid is None or (len(opened) == 1 and current.pid in (None, pid)):
        into = current
    else:
        known = [each for each in reversed(opened) if each.pid == pid]
        fresh = [each for each in reversed(opened) if each.pid is None and not each.in_header]
        into = (known or fresh or [current])[0]
    if into.pid is None:
        into.pid = pid
    return into


def _pid(text: bytes) -> int | None:
    found = _PROCESS.match(text)
    return int(found[1]) if found else None


def _ended(opened: list[_Open], current: _Open | None, kind: str) -> _Open | None:
    if current and current.kind == kind:
        return current
    return next((each for each in reversed(opened) if each.kind == kind), None)


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")
