"""How much there was when: entries by time, in buckets of a round length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from vigilog.investigate.item import Item

MOST = 60
_LENGTHS = (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10800, 21600, 43200, 86400, 604800, 2592000, 31536000)
_BARS = " ▁▂▃▄▅▆▇█"


class Activity(NamedTuple):
    """From `begin` (seconds since the epoch) on, buckets of `length` seconds: entries of logs, failed logins, good ones."""

    begin: float
    length: int
    all: tuple[int, ...]
    failed: tuple[int, ...]
    logins: tuple[int, ...]


def activity(items: Sequence[Item]) -> Activity | None:
    """The activity in the entries of a timeline, at most MOST buckets (and more only for over sixty years); None if there is
    none."""
    logs = [item for item in items if item.kind in {"line", "block", "request"} and not item.again]
    if not logs:
        return None
    first, last = logs[0].time, logs[-1].time
    length = next((each for each in _LENGTHS if last // each - first // each < MOST), _LENGTHS[-1])
    begin = first // length * length
    count = int(last // length - first // length) + 1
    every, failed, logins = ([0] * count for _ in range(3))
    for item in logs:
        at = int((item.time - begin) // length)
        every[at] += 1
        failed[at] += item.attempts
        logins[at] += item.meaning == "login"
    return Activity(begin, length, tuple(every), tuple(failed), tuple(logins))


def bars(counts: Sequence[int]) -> str:
    """A row of blocks, one for each bucket; whatever is more than nothing is seen."""
    most = max(counts, default=0)
    return "".join(_BARS[-(-count * 8 // most)] if count else " " for count in counts)


def length_of(seconds: int) -> str:
    """The length of a bucket in words."""
    for size, word in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {word}"
    return f"{seconds} s"
