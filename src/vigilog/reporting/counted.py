"""Services that Vigilog counts itself: the lines of the range, as they stand in the logs, into a Section."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain

from vigilog.parallel import Workers
from vigilog.parse.stamps import stamp
from vigilog.parse.tai64n_spans import bounds, within
from vigilog.report.section import Section
from vigilog.report.services import ENTRIES, SERVICES, Counting, Moment, dnscache
from vigilog.reporting.asked import Asked
from vigilog.reporting.date_filters import Step, lines_of
from vigilog.reporting.ranges import Range
from vigilog.reporting.tai_filter import tai_filter
from vigilog.reporting.time_patterns import stretches

BATCH = 8 << 20
"""So many bytes, about, go to another process at once: counts travel back from it for each."""


def of_range(wanted: Range, moment: Moment, *, compat_tai: bool = False) -> Step:
    """A function from a block of lines to those of the range, with their stamps. A line without a stamp belongs to the one
    before it (see `from_stamps`)."""
    if wanted.everything:
        return lambda block: block
    stamped = tai_filter(wanted, compat=compat_tai, keep_stamps=True)
    edges = list(chain.from_iterable(stretches(wanted)))
    late = 10 if compat_tai else 0
    all_of = within([(first - late, end - late) for first, end in stretches(wanted)])

    def chosen(block: bytes) -> bytes:
        if block[:1] == b"@" and all_of(block):
            return block
        if block[:1] == b"@" and block.count(b"\n@") >= block.count(b"\n") - 1:
            return stamped(block)
        kept = []
        inside = False
        for line in lines_of(block):
            at = moment(line)
            if at is not None:
                inside = bool(bisect_right(edges, at + late if line[:1] == b"@" else at) % 2)
            if inside:
                kept.append(line)
        return b"".join(kept)

    return chosen


def from_stamps(blocks: Iterable[bytes], moment: Moment) -> Iterator[bytes]:
    """The same lines in blocks that begin with one that has a stamp, so that each can be looked at by itself. What has none for
    BATCH bytes is passed on as it is."""
    whole = b""
    for block in blocks:
        begin = 0
        while begin < len(block):
            end = block.find(b"\n", begin) + 1 or len(block)
            if moment(block[begin:end]) is not None:
                break
            begin = end
        whole += block[:begin]
        if whole and (begin < len(block) or len(whole) >= BATCH):
            yield whole
            whole = b""
        whole += block[begin:]
    if whole:
        yield whole


def of_hosts(hosts: str) -> Step:
    """A function from a block of lines to those of the hosts named, with commas between them; all if none is."""
    if not hosts:
        return lambda block: block
    names = "|".join(re.escape(name) for name in hosts.split(","))
    theirs = re.compile(rf"(?:... .. ..:..:..|\d{{4}}-\S+) (?:{names})\s".encode("utf-8", "surrogateescape"), re.IGNORECASE)
    return lambda block: b"".join(line for line in lines_of(block) if theirs.match(line))


def counted(name: str, asked: Asked, blocks: Iterable[bytes], now: float) -> Section:
    """What the service `name` has to say of these blocks of whole lines. `now`: seconds since the epoch; years that stamps do
    not tell are those before it."""
    moment = partial(stamp, arrived=now)
    kept = of_range(asked.wanted, moment, compat_tai=asked.compat_tai)
    hosts = of_hosts(asked.hosts)
    begin = partial(SERVICES[name].Counting, numeric=asked.numeric)
    if name in ENTRIES:
        begin = partial(begin, inside=partial(_inside, list(chain.from_iterable(stretches(asked.wanted)))))
        return _whole(begin, moment, blocks)
    if name == dnscache.NAME and not asked.wanted.everything:
        late = 10 if asked.compat_tai else 0
        begin = partial(begin, bounds=bounds([(first - late, end - late) for first, end in stretches(asked.wanted)]))
        kept = _as_it_is
    elif not asked.wanted.everything:
        blocks = from_stamps(blocks, moment)
    if asked.jobs > 1:
        return _together(begin, lambda block: hosts(kept(block)), moment, blocks, asked.jobs)
    counting = begin()
    for block in blocks:
        lines = hosts(kept(block))
        if lines:
            counting.see(lines, moment)
    return counting.section()


def _whole(begin: Callable[[], Counting], moment: Moment, blocks: Iterable[bytes]) -> Section:
    counting = begin()
    for block in blocks:
        counting.see(block, moment)
    return counting.section()


def _as_it_is(block: bytes) -> bytes:
    return block


def _inside(edges: list[int], at: float) -> bool:
    return bool(bisect_right(edges, at) % 2)


def _together(begin: Callable[[], Counting], step: Step, moment: Moment, blocks: Iterable[bytes], jobs: int) -> Section:
    def work(block: bytes) -> Counting:
        counting = begin()
        counting.see(step(block), moment)
        return counting

    whole = begin()
    with Workers(work, jobs - 1) as workers:
        for part in workers.ordered(_batches(blocks)):
            whole.merge(part)
    return whole.section()


def _batches(blocks: Iterable[bytes]) -> Iterator[bytes]:
    kept: list[bytes] = []
    size = 0
    for block in blocks:
        kept.append(block)
        size += len(block)
        if size >= BATCH:
            yield b"".join(kept)
            kept, size = [], 0
    if kept:
        yield b"".join(kept)
