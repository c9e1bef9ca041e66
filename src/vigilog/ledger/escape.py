"""The escaping of Apache's forensic log: `%` and two lowercase hex digits for what would break a line or a field.

As mod_log_forensic of Apache httpd 2.4 writes it: printable ASCII and the blank stand for themselves, but for `%`, `:` and `|`.
Everything else is escaped byte by byte. What reads it back is parse/forensic_line.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_PLAIN = bytes(sorted(set(range(0x20, 0x7F)) - set(b"%:|")))
_OTHER = re.compile(b"[^" + re.escape(_PLAIN) + b"]")
CHANGED = bytes(byte if byte in _PLAIN else int(byte == 0) for byte in range(256))
"""A table for `translate` that changes each byte which does not stand for itself: what stays the same needs no escapes. Of all
ways to find that out, this one takes the least time."""
_ESCAPES = {bytes((byte,)): b"%%%02x" % byte for byte in range(256)}


def escaped(raw: bytes) -> bytes:
    """`raw` as it stands in a ledger. Any bytes are taken; the zero byte, which Apache cannot meet, becomes `%00`."""
    return raw if raw.translate(CHANGED) == raw else _OTHER.sub(_escape, raw)


def escaped_fields(request_line: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """`REQUEST-LINE|NAME:VALUE|NAME:VALUE`: each part escaped, the bars and colons between them not."""
    return b"".join([escaped(request_line), *(escaped_header(name, value) for name, value in headers)])


def escaped_header(name: bytes, value: bytes) -> bytes:
    """`|NAME:VALUE`."""
    return b"|%b:%b" % (escaped(name), escaped(value))


def _escape(match: re.Match[bytes]) -> bytes:
    return _ESCAPES[match[0]]
