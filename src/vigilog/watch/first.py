"""Where a first reading begins, when there is no position yet."""

from __future__ import annotations

import os
from collections.abc import Sequence

from vigilog.core.clock import Clock, local
from vigilog.parse import offsets
from vigilog.parse.stamps import stamp
from vigilog.watch.generation import Generation
from vigilog.watch.identity import UNKNOWN, Mark, before
from vigilog.watch.options import Options
from vigilog.watch.records import BLOCK, Rest, cut
from vigilog.watch.route import Step

_HEAD = 512
"""A stamp stands in the first bytes of a line, however long that is."""


def first_steps(files: Sequence[Generation], options: Options) -> tuple[Step, ...]:
    """What a first reading takes of `files` (oldest first, at least one), as `options.first` says.

    none begins behind the last complete record (behind everything with `partial_lines`), so that one which is just being
    written is read when it is complete. today begins with the first record stamped today or later; records without a stamp
    belong to the one before. Raises OSError and MissingExtra.
    """
    if options.first == "all":
        return tuple(Step(file, 0) for file in files)
    if options.first == "today":
        moment = midnight(options.clock)
        for index, file in enumerate(files):
            start = _first_since(file, moment, options.clock())
            if start is not None:
                return (Step(file, start, before(file, start)), *(Step(later, 0) for later in files[index + 1 :]))
    end = files[-1].length() if options.partial_lines or files[-1].is_packed else _last_edge(files[-1])
    return (Step(files[-1], end, before(files[-1], end)),)


def midnight(clock: Clock) -> float:
    """The beginning of the present day, local time, in seconds since the epoch."""
    return local(clock()).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None).timestamp()


def taken_over(path: str, directories: Sequence[str]) -> Mark | None:
    """How far logcheck or logtail read the log `path`, from the first offset file that is found; None if there is none.

    logcheck 1.4 calls it `offset` and the path with `/` turned into `.`, in its state directory; logtail's own default is
    LOG.offset beside the log. One that names no inode counts for nothing, as with them.
    """
    names = [os.path.join(directory, "offset" + path.replace("/", ".")) for directory in directories]
    for name in (*names, path + ".offset"):
        left = offsets.read(name)
        if left and isinstance(left.inode, int) and left.inode > 0:
            return Mark(UNKNOWN, left.inode, offsets.start(left.offset))
    return None


def _last_edge(file: Generation) -> int:
    end = file.size() or 0
    while end > 0:
        start = max(0, end - BLOCK)
        edge = file.read_at(start, end - start).rfind(b"\n") + 1
        if edge:
            return start + edge
        end = start
    return 0


def _first_since(file: Generation, moment: float, now: float) -> int | None:
    """The offset of the first record stamped `moment` or later. Halves a plain file, as far as its stamps allow it."""
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
        if time is not None and start:
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
