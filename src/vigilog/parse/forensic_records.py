r"""Forensic blocks as lines: one for each block that ended, in the form of syslog, so that whatever reads logs can read them.

    2026-11-20T08:30:00.123+01:00 host blackbox[4711]: FAILED LOGIN: client=203.0.113.7 attempted="anna" messages=57

What comes from outside stands in quotes, in which `"`, `\` and everything that is not printable ASCII is spelled `\xhh`. Fields
that a block does not have are left out. The blocks are those of ProFTPD 1.3.8 (mod_log_forensic 0.2) and Vigilog: see
`forensics`.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from ipaddress import ip_address

from vigilog.core.clock import local

LONGEST = 1024
"""Bytes of a header's value that are kept."""
MOST = 64
"""So many blocks may be open at the same time: those of parallel sessions run into each other."""

_MARKER = re.compile(rb"-----(BEGIN|END) ([^\r\n]{1,80}) FORENSICS-----\r?")
_STAMP = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,]\d{1,6}(?:Z|[+-]\d\d:\d\d)?")
_MESSAGE = re.compile(rb"\[[A-Za-z]{1,11}:(?:\d{1,2}|N)(?:, PID (?P<pid>\d{1,10}))?\] ")
_WRITER = re.compile(rb" (?:\S{1,255} )?\S{0,64}\[(?P<pid>\d{1,10})\]")
_PLAIN = re.compile(r"[A-Za-z0-9_.:/-]{1,64}")
_UNSAFE = re.compile(r"[^ !#-\[\]-~]")
_FIELDS = {
    "Client-Address": "client",
    "Server-Address": "server",
    "User": "user",
    "Attempted-User": "attempted",
    "Service": "service",
    "Protocol": "protocol",
    "UNIQUE_ID": "unique_id",
}
_QUOTED = {"user", "attempted", "service", "unique_id"}


@dataclass(slots=True)
class _Open:
    """What is known of a block that has begun. `time` is a stamp as it was written, the header's (`timed`) or the last
    message's, `pid` a number, as text; '' if not known."""

    kind: str
    fields: dict[str, str] = field(default_factory=dict)
    time: str = ""
    timed: bool = False
    pid: str = ""
    messages: int = 0
    in_header: bool = True


class Records:
    """Takes the lines of a file, block of lines by block of lines; `state` goes on where another one stopped."""

    def __init__(self, state: str = "", *, host: str = "localhost") -> None:
        self._open = [_Open(**each) for each in json.loads(state)] if state else []
        self._host = host

    @property
    def state(self) -> str:
        """What is known of the blocks that have begun and not ended, '' if there are none."""
        return json.dumps([asdict(each) for each in self._open]) if self._open else ""

    def of(self, lines: bytes, arrived: float) -> bytes:
        """The records of the blocks that end within `lines` (whole ones), each with a newline. A block that tells no time has
        that of its arrival, in seconds since the epoch."""
        found = []
        for line in lines.split(b"\n")[:-1]:
            marker = _MARKER.fullmatch(line) if line.startswith(b"-----") else None
            if marker is None:
                if self._open:
                    _take(self._open[-1], line)
            elif marker[1] == b"BEGIN":
                self._open = [*self._open, _Open(marker[2].decode("ascii", "backslashreplace"))][-MOST:]
            else:
                kind = marker[2].decode("ascii", "backslashreplace")
                ended = next((each for each in reversed(self._open) if each.kind == kind), None)
                if ended is not None:
                    self._open.remove(ended)
                    found.append(self._record(ended, arrived))
        return b"".join(found)

    def _record(self, block: _Open, arrived: float) -> bytes:
        time = block.time or local(arrived).isoformat(timespec="milliseconds")
        said = [f"{name}={_said(name, block.fields[name])}" for name in _FIELDS.values() if name in block.fields]
        text = " ".join([*said, f"messages={block.messages}"])
        return f"{time} {self._host} blackbox[{block.pid or 0}]: {_safe(block.kind)}: {text}\n".encode("ascii")


def _take(block: _Open, line: bytes) -> None:
    message = _MESSAGE.match(line)
    if message is None:
        if block.in_header:
            _header(block, line)
        return
    block.messages += 1
    stamp = _STAMP.match(line, message.end())
    if stamp and not block.timed:
        block.time = stamp[0].decode()
    if not block.pid:
        writer = _WRITER.match(line, stamp.end()) if stamp else None
        block.pid = (message["pid"] or (writer["pid"] if writer else b"")).decode()


def _header(block: _Open, line: bytes) -> None:
    if not line.strip(b"\r"):
        block.in_header = False
        return
    key, colon, value = line.partition(b": ")
    name = key.decode("ascii", "replace")
    text = value[:LONGEST].replace(b"\0", b"").decode("utf-8", "surrogateescape")
    if not colon:
        return
    if name in _FIELDS:
        block.fields.setdefault(_FIELDS[name], text)
    elif name == "PID" and text.isdecimal():
        block.pid = text[:10]
    elif name == "Time" and _STAMP.fullmatch(value):
        block.time, block.timed = text, True


def _said(name: str, value: str) -> str:
    if name == "client":
        try:
            return str(ip_address(value))
        except ValueError:
            return f'"{_safe(value)}"'
    return value if name not in _QUOTED and _PLAIN.fullmatch(value) else f'"{_safe(value)}"'


def _safe(text: str) -> str:
    return _UNSAFE.sub(lambda found: "".join(f"\\x{byte:02x}" for byte in found[0].encode("utf-8", "surrogateescape")), text)
