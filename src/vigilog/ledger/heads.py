r"""The heads of a block's lines: what stands before the first `|`, which is the sign and the ID. (See `blocks` for a block.)"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_HEADS = re.compile(rb"\n[^|]*").findall
_PAIRS = re.compile(rb"\n\+([^\n]*+)\n-\1(?=\n|\Z)")
"""Requests that ended before another began: most, where few come at the same time."""
_TRIED, _ENOUGH = 1024, 4
"""They are looked for where there are as many as that in the first so many bytes: about one of five lines."""
_CLOSED = re.compile(rb"\n-([^|\r\n]+)").findall
PLUS, MINUS = b"+-"


class Heads(NamedTuple):
    """Which requests begin in a block, and which end, both as `+ID`, so that they can be compared; without those that begin in
    one line and end in the next. And how many newlines the block has."""

    opened: set[bytes]
    closed: list[bytes]
    newlines: int


def heads(block: bytes) -> Heads:
    r"""The heads of a block. A `\r` at the end of a head is no part of an ID; no ID is empty. A line that begins with neither
    sign is passed over."""
    # from a newline to the next bar: what follows it up to its own newline is skipped, and a line without a bar is all head
    text, pairs = with_plain_ends(b"".join(_HEADS(block))), 0
    if len(_PAIRS.findall(text, 0, _TRIED)) >= _ENOUGH:
        text, pairs = _PAIRS.subn(b"", text)
    lines = text.split(b"\n")
    newlines = len(lines) - 1 + 2 * pairs
    del lines[0]
    if b"" in lines:
        lines = list(filter(None, lines))
    opened = {line for line in lines if line < b"," and line[0] == PLUS}
    closed = as_opened([line for line in lines if line > b"," and line[0] == MINUS])
    opened.discard(b"+")
    return Heads(opened, closed, newlines)


def ended(block: bytes) -> list[bytes]:
    """The IDs of the requests that end in a block, maybe repeated."""
    return _CLOSED(block)


def as_opened(closing: Iterable[bytes]) -> list[bytes]:
    """Heads that begin with `-`, with a `+` in its place."""
    text = b"\n".join(closing)
    return (b"\n" + text).replace(b"\n-", b"\n+").split(b"\n")[1:] if text else []


def with_plain_ends(text: bytes) -> bytes:
    r"""Lines without the `\r` that another system puts before its newlines."""
    if b"\r" not in text:
        return text
    return text.replace(b"\r\n", b"\n").removesuffix(b"\r")
