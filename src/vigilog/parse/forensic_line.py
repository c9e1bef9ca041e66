r"""The lines of a request ledger, as Apache's mod_log_forensic writes them (httpd 2.4.71).

    +ID|request line|Name:value|Name:value      before the request is worked on
    -ID                                         when it is done

In the request line, the names and the values, `%`, `|`, `:` and every byte that is no printable ASCII stand as `%` and two
hex digits; the ID stands as it is. So a line is cut at each `|` and a header at its first `:`, and unescaped afterwards.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Sign = Literal["+", "-"]

_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_BYTES = {b"%02x" % value: bytes([value]) for value in range(256)}
_DAMAGE = re.compile(rb"%(?![0-9A-Fa-f]{2})|[^ -~]")


class ForensicLine(NamedTuple):
    """One line: its sign, the ID, the request line and the headers in their order, both unescaped. `damaged` says that some
    escape is incomplete or a byte stands there that should have been escaped; `has_request` that a `|` followed the ID."""

    sign: Sign
    id: bytes
    request: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    damaged: bool = False
    has_request: bool = False


class Request(NamedTuple):
    """The words of a request line; `protocol` is empty for HTTP/0.9, and what is missing is empty, too."""

    method: bytes
    target: bytes
    protocol: bytes


def forensic_line(line: bytes) -> ForensicLine | None:
    r"""`line`, without its newline, as a value; None if it begins with no sign or has no ID. One `\r` at the end is taken for a
    part of the newline. Of a line that closes a request, what stands behind the ID has no meaning."""
    match line[:1]:
        case b"+":
            sign: Sign = "+"
        case b"-":
            sign = "-"
        case _:
            return None
    identity, bar, rest = line[1:].removesuffix(b"\r").partition(b"|")
    if not identity:
        return None
    if sign == "-":
        return ForensicLine(sign, identity)
    request, *fields = rest.split(b"|")
    headers = tuple([(unescaped(name), unescaped(value)) for name, _, value in [field.partition(b":") for field in fields]])
    return ForensicLine(sign, identity, unescaped(request), headers, is_damaged(rest), bool(bar))


def unescaped(text: bytes) -> bytes:
    """`text` with each `%hh` turned into its byte (digits of either case). Any other `%` stays: see `is_damaged`."""
    return _ESCAPE.sub(_byte, text) if b"%" in text else text


def is_damaged(text: bytes) -> bool:
    """`text` (what stands behind an ID) has a `%` without two hex digits, or a byte that the module would have escaped: it was
    cut, or written by something else."""
    return _DAMAGE.search(text) is not None


def request_of(line: bytes) -> Request:
    """The words of an unescaped request line, cut at the first and the last blank."""
    method, _, rest = line.partition(b" ")
    target, _, protocol = rest.rpartition(b" ")
    return Request(method, target, protocol) if target else Request(method, rest, b"")


def header(found: ForensicLine, name: bytes) -> bytes | None:
    """The value of a header, whose name is compared without regard to case; None if it is not there."""
    wanted = name.lower()
    return next((value for other, value in found.headers if other.lower() == wanted), None)


def _byte(found: re.Match[bytes]) -> bytes:
    return _BYTES[found[1].lower()]
