"""A block as bytes: ProFTPD's format (mod_log_forensic 0.2 of 1.3.8), in which text from outside cannot forge a line.

Differences from the real module, all of them readable by whoever reads its files: line feeds and carriage returns inside a
message are `#012` and `#015`, header values hold no control characters, no NUL follows UNIQUE_ID, the newest message is written
too, and further header fields follow the known ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from vigilog.blackbox.encoding import encoded
from vigilog.parse.forensics import ABOVE, Message

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NO_KEY = re.compile("[^A-Za-z0-9_.-]+")
_NO_KIND = re.compile("[^A-Z0-9_ -]+")


def block(kind: str, header: Iterable[tuple[str, str]], messages: Iterable[Message]) -> bytes:
    """The block named `kind`, whole: markers, `header`, the empty line, one line for each message."""
    name = kind_of(kind).encode()
    return b"".join(
        [
            b"-----BEGIN %b FORENSICS-----\n" % name,
            *(b"%b: %b\n" % (_key(key), _value(value)) for key, value in header),
            b"\n",
            *(line(message) for message in messages),
            b"-----END %b FORENSICS-----\n" % name,
        ]
    )


def line(message: Message) -> bytes:
    """`message` as one line, with its tag and its newline."""
    level = b"N" if message.level >= ABOVE else b"%d" % max(message.level, 0)
    tag = message.log_type.encode()
    text = one_line(message.text)
    if message.pid is not None:
        return b"[%b:%b, PID %d] %b\n" % (tag, level, message.pid, text)
    return b"[%b:%b] %b\n" % (tag, level, text)


def one_line(text: bytes) -> bytes:
    """`text` without what would end its line."""
    if b"\n" in text or b"\r" in text:
        return text.replace(b"\n", b"#012").replace(b"\r", b"#015")
    return text


def kind_of(kind: str) -> str:
    """`kind` as a block can be named: capitals, digits, blanks, `-` and `_`, at most 80 of them."""
    return _NO_KIND.sub(" ", kind.upper())[:80].strip() or "UNNAMED"


def _key(key: str) -> bytes:
    return (_NO_KEY.sub("-", key)[:80] or "-").encode()


def _value(value: str) -> bytes:
    return encoded(_CONTROL.sub(_octal, value))


def _octal(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"#{code:03o}" if code < 0x80 else f"#u{code:04x}"
