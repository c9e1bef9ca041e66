r"""Apache's escaping of log items 2.4: `\"`, `\\`, `\b \n \r \t \v`, and `\xhh` for any other byte outside printable ASCII."""

from __future__ import annotations

import re

_UNSAFE = re.compile(rb'[^\x20-\x7e]|["\\]')
_ESCAPED = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|([\"\\bnrtv]))")
_SHORT = {b'"': b'"', b"\\": b"\\", b"\b": b"b", b"\n": b"n", b"\r": b"r", b"\t": b"t", b"\v": b"v"}
_LONG = {letter: byte for byte, letter in _SHORT.items()}


def escaped(value: str) -> str:
    """A text (bytes that are no UTF-8 as surrogates) as Apache writes it: printable ASCII."""
    if value.isascii() and value.isprintable() and '"' not in value and "\\" not in value:
        return value
    return _UNSAFE.sub(_escape, value.encode("utf-8", "surrogateescape")).decode("ascii")


def unescaped(written: str) -> str:
    r"""The other way round. A backslash that begins no escape stands for itself; bytes that are no UTF-8 become surrogates."""
    if "\\" not in written:
        return written
    return _ESCAPED.sub(_unescape, written.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def _escape(found: re.Match[bytes]) -> bytes:
    byte = found[0]
    short = _SHORT.get(byte)
    return b"\\" + short if short else b"\\x%02x" % byte[0]


def _unescape(found: re.Match[bytes]) -> bytes:
    digits, letter = found.groups()
    return bytes.fromhex(digits.decode("ascii")) if digits else _LONG[letter]
