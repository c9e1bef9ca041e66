"""Blocks of stamped lines against spans of time, compared as text: labels in hexadecimal digits sort as their times do."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

from vigilog.parse.tai64n import EPOCH

_PIECE = 256 << 10
_LIMIT = 2**63
"""Labels from there on are kept for other things."""


def within(spans: Sequence[tuple[int, int]]) -> Callable[[bytes], bool]:
    """A function that tells whether every line of a block begins with a label (or, at least, with digits like a label's) whose
    time is in one of the spans, all of a piece in the same one. If not, lines have to be looked at one by one.

    `spans`: (first second, the one behind the last) since the epoch, sorted and apart. A block is whole lines; only the last
    may lack its newline. A line costs about a twentieth of a microsecond.
    """
    bounds = [_bound(second) for span in spans for second in span]

    def is_within(block: bytes) -> bool:
        at = 0
        while at < len(block):
            end = block.rfind(b"\n", at, at + _PIECE) + 1 or block.find(b"\n", at) + 1 or len(block)
            lines = block[at:end].split(b"\n")
            if not lines[-1]:
                lines.pop()
            place = bisect_right(bounds, min(lines))
            if place % 2 == 0 or max(lines) >= bounds[place]:
                return False
            at = end
        return True

    return is_within


def _bound(second: int) -> bytes:
    return b"@%016x" % min(max(0, second + EPOCH), _LIMIT)
