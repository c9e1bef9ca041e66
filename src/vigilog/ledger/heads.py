r"""The heads of a block's lines: what stands before the first `|`, which is the sign and the ID. (See `blocks` for a block.)"""

from __future__ import annotations

import re
from typing import NamedTuple

_CLOSED = re.compile(rb"\n-([^|\r\n]+)").findall
PLUS, MINUS = b"+-"


class Heads(NamedTuple):
    """The IDs of the requests that begin in a block, and of those that end in it, maybe repeated; and how many newlines it
    has."""

    opened: set[bytes]
    closed: list[bytes]
    newlines: int


def heads(block: bytes) -> Heads:
    r"""The heads of a block. A `\r` at the end of a head is no part of an ID; no ID is empty. A line that begins with neither
    sign is passed over."""
    lines = block.split(b"\n")
    del lines[0]  # nothing; or the rest of a line that was too long
    try:
        opened = {line[1 : line.index(b"|")] for line in lines if line[0] == PLUS}
        closed = [line[1:] for line in lines if line[0] == MINUS]
        plain = b"\r" not in block and b"|" not in b"".join(closed)
    except (IndexError, ValueError):  # an empty line, or one that is torn
        plain = False
    if not plain:
        cut = [line.partition(b"|")[0].removesuffix(b"\r") for line in lines]
        opened = {head[1:] for head in cut if head[:1] == b"+"}
        closed = [head[1:] for head in cut if head[:1] == b"-"]
    opened.discard(b"")
    return Heads(opened, closed, len(lines))


def ended(block: bytes) -> list[bytes]:
    """The IDs of the requests that end in a block, maybe repeated."""
    return _CLOSED(block)
