r"""A block of lines as the scanner takes it, and what its hits say about the lines.

A framed block is a newline, whole lines each with its newline, and padding. The first newline gives the first line the same
left neighbour as every other; the padding keeps the last lines away from the end of the data, where most faults of wide
vector searches live (Vectorscan 5.4.12 overlooks `a *\n` in 17 bytes ending in `a\n`). A line is named by the offset behind
its newline.
"""

from __future__ import annotations

from bisect import bisect_right
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


def in_order(framed: bytes, ends: list[int]) -> list[int]:
    """The offsets in `ends` that name lines, ascending, each once. Sorts `ends`; hits come nearly sorted, which makes this
    several times faster than a set would be."""
    ends.sort()
    first, last = bisect_right(ends, FIRST_LINE), bisect_right(ends, text_end(framed))
    return list(dict.fromkeys(ends[first:last]))


def line_at(framed: bytes, end: int) -> bytes:
    """The line that `end` names, without its newline."""
    return framed[framed.rfind(b"\n", 0, end - 1) + 1 : end - 1]


def line_with_newline(framed: bytes, end: int) -> bytes:
    """The line that `end` names."""
    return framed[framed.rfind(b"\n", 0, end - 1) + 1 : end]


def lines_at(framed: bytes, ends: list[int]) -> bytes:
    """The lines that `ends` name, in their order."""
    return b"".join([line_with_newline(framed, end) for end in ends])


def other_lines(framed: bytes, offsets: list[int]) -> tuple[bytes, int]:
    """The lines that `offsets` (as they come from a scan; they are sorted) do not name, in order; and how many they name."""
    offsets.sort()
    first, last = bisect_right(offsets, FIRST_LINE), bisect_right(offsets, text_end(framed))
    if first or last < len(offsets):
        offsets = offsets[first:last]
    index, rfind = framed.index, framed.rfind
    runs: list[bytes] = []
    at, again = FIRST_LINE, 0
    for end in offsets:
        if index(b"\n", at) + 1 != end:
            if end == at:  # asked only here: mostly, each line is named once and follows the one before
                again += 1
                continue
            runs.append(framed[at : rfind(b"\n", at, end - 1) + 1])
        at = end
    runs.append(framed[at : text_end(framed)])
    return b"".join(runs), len(offsets) - again
