"""Services counted while their logs grow: what stands in the logs from the range's beginning on, and all that comes."""

from __future__ import annotations

import os
import re
import select
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from vigilog.core.clock import Clock
from vigilog.core.errors import VigilogError
from vigilog.core.nouns import Chunk, Notice, Position
from vigilog.parse.stamps import stamp
from vigilog.parse.tai64n_spans import within
from vigilog.report.section import Section
from vigilog.report.services import SERVICES, Counting, Moment
from vigilog.reporting import log_files
from vigilog.reporting.asked import Asked
from vigilog.reporting.date_filters import Step, lines_of
from vigilog.reporting.groups import group
from vigilog.reporting.time_patterns import stretches
from vigilog.run.beginnings import Beginnings
from vigilog.watch.live import Live

_OF_MULTILOG = re.compile(r"current|@[0-9a-f]{24}\.[su]")
_FOR_EVER = 2**61
BETWEEN = 1.0
"""Seconds between two looks at the counts, at least, while lines come."""


class NothingToFollow(VigilogError):
    """None of the services has a log, or a script counts for one of them."""


def sources(asked: Asked) -> Mapping[str, Sequence[str]]:
    """The services, each with what its log files are for `watch.sources`. Raises NothingToFollow."""
    found: dict[str, Sequence[str]] = {}
    for name in asked.services:
        if name not in asked.built_in:
            raise NothingToFollow(f"the service {name} is counted by a script", remedy="leave it out, or say --builtin")
        own = asked.conf.services.get(name)
        groups = own.groups if own and own.groups else SERVICES[name].GROUPS
        files = [log_files.files(group(asked.conf, each), asked.directories, archives=False) for each in groups]
        specs = dict.fromkeys(_spec(path) for each in files for path in log_files.once(each.logs) if path not in each.archives)
        if specs:
            found[name] = tuple(specs)
    if not found:
        raise NothingToFollow(f"no log of {', '.join(asked.services)}", remedy="name it in logfiles/GROUP.conf")
    return found


def _spec(path: str) -> str:
    directory, name = os.path.split(os.path.abspath(path))
    return f"multilog:{directory}" if _OF_MULTILOG.fullmatch(name) else os.path.join(directory, name)


class Totals:
    """The counts of services, each log by itself: numbers that a program gives its lines are its own."""

    def __init__(self, asked: Asked, specs: Mapping[str, Sequence[str]], clock: Clock) -> None:
        self._begin = {name: partial(SERVICES[name].Counting, numeric=asked.numeric) for name in specs}
        self._counts: dict[str, dict[str, Counting]] = {name: {} for name in specs}
        moment = partial(stamp, arrived=clock())
        self._kept = since(stretches(asked.wanted)[0][0] - (10 if asked.compat_tai else 0), moment)
        self._moment = moment

    def see(self, name: str, source: str, lines: bytes) -> None:
        """Counts lines of a log of the service `name`."""
        lines = self._kept(lines)
        if lines:
            counts = self._counts[name]
            if source not in counts:
                counts[source] = self._begin[name]()
            counts[source].see(lines, self._moment)

    def sections(self) -> list[Section]:
        """What was counted until now."""
        found = []
        for name, counts in self._counts.items():
            whole = self._begin[name]()
            for each in counts.values():
                whole.merge(each)
            found.append(whole.section())
        return found


def since(begin: float, moment: Moment) -> Step:
    """A function from a block of lines to those from `begin` on (seconds since the epoch). A line without a stamp belongs to
    the one before it, and at first to what is new."""
    all_of = within([(int(begin), _FOR_EVER)])

    def kept(block: bytes) -> bytes:
        if block[:1] == b"@" and all_of(block):
            return block
        first = moment(block[: block.find(b"\n")])
        inside = first is None or first >= begin
        chosen = []
        for line in lines_of(block):
            at = moment(line)
            if at is not None:
                inside = at >= begin
            if inside:
                chosen.append(line)
        return b"".join(chosen)

    return kept


def follow(
    live: Live,
    services: Mapping[str, Iterable[str]],
    totals: Totals,
    signals: int,
    draw: Callable[[], None],
    tell: log_files.Say,
) -> None:
    """Counts what comes, and calls `draw` when there is something new, not too often, until `signals` (a descriptor) is
    readable. `services`: by the names of sources, which services read them. `tell` takes sentences about logs."""
    positions: dict[str, Position] = {}
    beginnings = Beginnings()
    poll = select.epoll()
    poll.register(live.fileno(), select.EPOLLIN)
    poll.register(signals, select.EPOLLIN)
    due: float | None = time.monotonic()
    try:
        ended = False
        while not ended or live.timeout() == 0:  # what was written before the signal counts
            wait = live.timeout()
            if due is not None:
                rest = max(0.0, due - time.monotonic())
                wait = rest if wait is None else min(wait, rest)
            ended |= signals in dict(poll.poll(wait))
            new = False
            for source in live.ready():
                for item in source.read(positions.get(source.name)):
                    if isinstance(item, Notice):
                        tell(item.text)
                        continue
                    new = True
                    _see(item, positions, beginnings, services, totals)
            if new:
                due = due or time.monotonic() + BETWEEN
            if due is not None and time.monotonic() >= due:
                draw()
                due = None
    finally:
        poll.close()


def _see(
    item: Chunk,
    positions: dict[str, Position],
    beginnings: Beginnings,
    services: Mapping[str, Iterable[str]],
    totals: Totals,
) -> None:
    positions[item.source] = item.position
    lines = beginnings.of(item)
    for name in services[item.source] if lines else ():
        totals.see(name, item.source, lines)
