r"""Text from the outside made harmless: what could move a cursor, hide text or forge a line is spelled out.

That is everything that Unicode has no visible sign for (`str.isprintable`): control characters become `\x1b`, characters that
steer the direction of text, end lines or take no room become `\u202e`, bytes that are not UTF-8 become `\xff`. Where there
may be several lines (`visible`, `visible_text`) newlines and tabs stay, in one line (`visible_line`, `shown`) they do not.
"""

from __future__ import annotations

import re

_HARMLESS = bytes(range(0x20, 0x7F)) + b"\t\n"
_ASCII = re.compile(rb"[^ -~\t\n]")
_IN_LINES = re.compile(r"[^ -~\t\n]")
_IN_LINE = re.compile(r"[^ -~]")
_NAMED = {"\n": "\\n", "\t": "\\t"}
_ESCAPED = range(0xDC80, 0xDD00)
"""How Python has a byte that is not UTF-8 (surrogateescape)."""


def visible(lines: bytes) -> bytes:
    """Whole lines, made harmless. Plain ASCII is given back as it is, after one look at it."""
    if not lines.translate(None, _HARMLESS):
        return lines
    if lines.isascii():
        return _ASCII.sub(lambda found: b"\\x%02x" % ord(found[0]), lines)
    return visible_text(lines).encode()


def visible_text(lines: bytes) -> str:
    """Whole lines, made harmless, as text."""
    text = lines.decode("utf-8", "backslashreplace")
    if text.replace("\n", " ").replace("\t", " ").isprintable():
        return text
    return _IN_LINES.sub(_spelled, text)


def visible_line(text: str) -> str:
    r"""One line for people (a file's name, an error's text), made harmless; newlines and tabs in it become `\n` and `\t`."""
    return text if text.isprintable() else _IN_LINE.sub(lambda found: _NAMED.get(found[0]) or _spelled(found), text)


def shown(text: str) -> str:
    r"""One line for programs, whose newlines and tabs become `\x0a` and `\x09` like everything else."""
    return text if text.isprintable() else _IN_LINE.sub(_spelled, text)


def shown_bytes(data: bytes) -> str:
    """The same for bytes."""
    return shown(data.decode("utf-8", "surrogateescape"))


def _spelled(found: re.Match[str]) -> str:
    if found[0].isprintable():
        return found[0]
    code = ord(found[0])
    if code in _ESCAPED:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
