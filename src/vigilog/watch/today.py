"""Finding the first record of a day in a log, by the stamps of its records."""

from __future__ import annotations

from vigilog.core.clock import Clock, local
from vigilog.parse.stamps import stamp
from vigilog.watch.generation import Generation
from vigilog.watch.records import BLOCK, Rest, cut

_HEAD = 512
"""A stamp stands in the first bytes of a line, however long that is."""


def midnight(clock: Clock) -> float:
    """The beginning of the present day, local time, in seconds since the epoch."""
    return local(clock()).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None).timestamp()


def first_since(file: Generation, moment: float, now: float) -> int | None:
    """The offset of the first record stamped `moment` (seconds since the epoch) or later, or None. `now` is the present time.

    A plain file is halved again and again as far as its stamps, which should ascend, allow it; the rest is read through.
    Raises OSError.
    """
    low, high = 0, file.size() or 0
    while high - low > BLOCK:
        middle = (low + high) // 2
        found = _stamp_behind(file, middle, now)
        if found is None:
            break
        if found[1] < moment:
            low = found[0]
        else:
            high = middle
    return _scan(file, low, moment, now)


def _stamp_behind(file: Generation, offset: int, now: float) -> tuple[int, float] | None:
    block = file.read_at(offset, BLOCK)
    start = block.find(b"\n") + 1
    while end := block.find(b"\n", start) + 1:
        time = stamp(block[start : min(end, start + _HEAD)], now)
        if time is not None:
            return offset + start, time
        start = end
    return None


def _scan(file: Generation, start: int, moment: float, now: float) -> int | None:
    inside = False
    for item in cut(file.read_at, start, file.size(), b""):
        piece = False if isinstance(item, Rest) else item.piece
        offset = item.end - len(item.data) + piece
        for line in [] if inside else item.data.split(b"\n"):
            time = stamp(line[:_HEAD], now)
            if time is not None and time >= moment:
                return offset
            offset += len(line) + 1
        inside = piece
    return None
