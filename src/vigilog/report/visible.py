r"""Log text made harmless for terminals and mail readers: what could move a cursor, hide text or forge a line becomes visible.

Control characters and DEL become `\x1b`, C1 controls and characters that steer the direction of text or end lines become
`\u202e`, bytes that are not UTF-8 become `\xff`. Tabs stay, and where many lines are given, newlines do.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Write = Callable[[bytes], object]
"""Takes the next bytes of a rendered report."""

_HARMLESS = bytes(range(0x20, 0x7F)) + b"\t\n"
_ASCII = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_HARMFUL = "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_ANY = re.compile(f"[{_HARMFUL}]")
_IN_LINE = re.compile(f"[{_HARMFUL}\n\ud800-\udfff]")
_ESCAPED = range(0xDC80, 0xDD00)


def visible(lines: bytes) -> bytes:
    """Whole lines, made harmless. Plain ASCII is given back as it is, after one look at it."""
    if not lines.translate(None, _HARMLESS):
        return lines
    if lines.isascii():
        return _ASCII.sub(lambda found: b"\\x%02x" % ord(found[0]), lines)
    return visible_text(lines).encode()


def visible_text(lines: bytes) -> str:
    """Whole lines, made harmless, as text."""
    return _ANY.sub(_name, lines.decode("utf-8", "backslashreplace"))


def visible_line(text: str) -> str:
    r"""One line from the outside (a file's name, an error's text), made harmless; a newline in it becomes `\n`."""
    return _IN_LINE.sub(_name, text)


def visibly(write: Write) -> Write:
    """A `write` that makes what it is given harmless first. What it is given must be whole lines."""
    return lambda lines: write(visible(lines))


def _name(found: re.Match[str]) -> str:
    if found[0] == "\n":
        return "\\n"
    code = ord(found[0])
    if code in _ESCAPED:
        # How Python has a byte of a file's name that is not UTF-8.
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}"
