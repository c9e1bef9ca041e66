"""`vigilog replay`: the chain of `vigilog run` over past logs, on their own time. What would have happened when, and to whom.

The triggers, the windows and the transaction are those of the daemon, with a store that is thrown away.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from vigilog.core.clock import Clock
from vigilog.core.errors import SourceError
from vigilog.core.nouns import Alert, Notice, Order
from vigilog.core.seams import Source
from vigilog.detect.triggers import TriggerSet
from vigilog.parse.stamps import stamp
from vigilog.patterns.block import BLANKS
from vigilog.run.beginnings import Beginnings
from vigilog.run.watchman import Watchman, commit
from vigilog.store.database import open_store

BATCH = 4 << 20
"""Bytes between two commits."""
_ALL = 1 << 62

Happened = Callable[[Alert, list[Order]], None]
"""Is told of each alert, in order, with the orders that it led to."""


@dataclass(slots=True)
class Replayed:
    """What was read: lines, bytes; how many events and alerts there were; and what the sources said."""

    lines: int = 0
    bytes: int = 0
    events: int = 0
    alerts: int = 0
    notices: tuple[Notice, ...] = ()


def replay(triggers: TriggerSet, sources: Iterable[Source], keys: int, clock: Clock, happened: Happened) -> Replayed:
    """Reads all of `sources`, one after the other, each with its own times (`Past`).

    `keys` is how many keys each trigger counts at a time. Raises SourceError if a source is missing or cannot be read.
    """
    done = Replayed()
    watchman = Watchman(triggers, keys)
    with thrown_away() as store:
        for source in sources:
            for lines in batches(source, clock, watchman, done):
                done.lines += lines
                settle(store, watchman, clock(), happened)
    done.events = sum(tally.events for tally in watchman.tallies)
    done.alerts = sum(tally.alerts for tally in watchman.tallies)
    return done


def batches(source: Source, clock: Clock, watchman: Watchman, done: Replayed) -> Iterator[int]:
    """Shows a source to the watchman; gives how many lines that were, batch by batch."""
    moment, beginnings = Past(clock()), Beginnings()
    size = lines = 0
    for item in source.read(None):
        if isinstance(item, Notice):
            if item.kind in ("missing", "unreadable"):
                raise SourceError(item.text, remedy="name a log that is there and may be read")
            done.notices += (item,)
            continue
        lines_of = beginnings.of(item)
        if lines_of:
            moment.begin(lines_of)
            watchman.see(item.source, lines_of, item.arrived, moment)
        size += len(item.data)
        lines += item.data.count(b"\n")
        done.bytes += len(item.data)
        if size >= BATCH:
            yield lines
            size = lines = 0
    yield lines


def settle(store: sqlite3.Connection, watchman: Watchman, now: float, happened: Happened) -> None:
    """Commits a batch and tells what happened in it."""
    actions = {name for trigger in watchman.triggers.triggers for name in trigger.actions}
    alerts, orders = commit(store, watchman, [], dict.fromkeys(actions, _ALL), now)
    following = iter(orders)
    counts = {trigger.name: len(trigger.actions) for trigger in watchman.triggers.triggers}
    for alert in alerts:
        happened(alert, [next(following) for _ in range(counts[alert.rule])])


class Past:
    """The times of lines in a log that was written before `now` (seconds since the epoch), which decides on missing years.

    A line without a stamp has the time of the last one before it that has one, whatever that is about; the lines before the
    first have its time. It is asked for some lines of a block, in their order.
    """

    def __init__(self, now: float) -> None:
        self._now = now
        self._last: float | None = None
        self._lines = b"\n"
        self._at = 0
        """Where the line was that was asked for last."""

    def begin(self, lines: bytes) -> None:
        """The lines that will be asked for next."""
        self._last = self._stamp_before(len(self._lines))
        self._lines, self._at = b"\n" + lines, 0

    def __call__(self, line: bytes) -> float:
        found = stamp(line, self._now)
        if found is None:
            here = self._place_of(line)
            found = self._stamp_before(here)
            if found is None:
                found = self._stamp_after(here)
            self._at = here
        self._last = found
        return found

    def _place_of(self, line: bytes) -> int:
        """Where in the block the line begins, which is there without the blanks at its end."""
        start = b"\n" + line
        at = self._at
        while True:
            at = self._lines.index(start, at)
            end = at + len(start)
            if not self._lines[end : self._lines.index(b"\n", end)].strip(BLANKS):
                return at + 1
            at += 1

    def _stamp_before(self, place: int) -> float | None:
        """The time of the last line before `place` that has one, as far back as was not asked yet."""
        while place - 1 > self._at:
            start = self._lines.rfind(b"\n", 0, place - 1) + 1
            found = stamp(self._lines[start : place - 1], self._now)
            if found is not None:
                return found
            place = start
        return self._last

    def _stamp_after(self, place: int) -> float:
        """The time of the first line from `place` on that has one, or else `now`."""
        found = (stamp(line, self._now) for line in self._lines[place:].split(b"\n"))
        return next((moment for moment in found if moment is not None), self._now)


@contextmanager
def thrown_away() -> Iterator[sqlite3.Connection]:
    """A store for one run, which nobody needs afterwards."""
    with tempfile.TemporaryDirectory(prefix="vigilog-replay-") as directory:
        store = open_store(os.path.join(directory, "state"))
        store.execute("PRAGMA synchronous = OFF")
        try:
            yield store
        finally:
            store.close()
