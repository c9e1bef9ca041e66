r"""A block of lines as the scanner takes it, and what its hits say about the lines.

A framed block is a newline, whole lines each with its newline, and padding. The first newline gives the first line the same
left neighbour as every other; the padding keeps the last lines away from the end of the data, where most faults of wide
vector searches live (Vectorscan 5.4.12 overlooks `a *\n` in 17 bytes ending in `a\n`). A line is named by the offset behind
its newline.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

View = Literal["raw", "stripped"]
"""Which bytes of a line a pattern sees: all of them, or all but the blanks at its end."""

BLANKS = b" \t\r\v\f"
FIRST_LINE = 1
PADDING = b"\n" * 64


def frame(block: bytes) -> bytes:
    """The framed form of whole lines, each ended by a newline."""
    return b"\n" + block + PADDING


def text_end(framed: bytes) -> int:
    """The offset behind the last line."""
    return len(framed) - len(PADDING)


def keep_lines(framed: bytes, ends: set[int]) -> set[int]:
    """`ends` without the offsets that name no line: the newline in front and those of the padding. Changes and returns it."""
    last = text_end(framed)
    ends.discard(FIRST_LINE)
    ends.difference_update(range(last + 1, len(framed) + 1))
    return ends


def line_at(framed: bytes, end: int) -> bytes:
    """The line that `end` names, without its newline."""
    return framed[framed.rfind(b"\n", 0, end - 1) + 1 : end - 1]


def line_with_newline(framed: bytes, end: int) -> bytes:
    """The line that `end` names."""
    return framed[framed.rfind(b"\n", 0, end - 1) + 1 : end]


def other_lines(framed: bytes, ends: set[int]) -> Iterator[bytes]:
    """The runs of lines that `ends` does not name, in order, as they stand in the block."""
    find = framed.find
    at = FIRST_LINE
    for end in sorted(ends):
        if find(b"\n", at) + 1 != end:
            start = framed.rfind(b"\n", 0, end - 1) + 1
            yield framed[at:start]
        at = end
    last = text_end(framed)
    if at < last:
        yield framed[at:last]
