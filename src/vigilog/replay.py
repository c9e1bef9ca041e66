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
from vigilog.core.nouns import Alert, Chunk, Notice, Order
from vigilog.core.seams import Source
from vigilog.detect.triggers import Moment, TriggerSet
from vigilog.parse.stamps import stamp
from vigilog.store.database import open_store
from vigilog.watchman import Watchman, commit

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
    """Reads all of `sources`, one after the other. A line without a stamp has the time of the one before it.

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
    moment = past(clock())
    size = lines = 0
    for item in source.read(None):
        if isinstance(item, Notice):
            if item.kind in ("missing", "unreadable"):
                raise SourceError(item.text, remedy="name a log that is there and may be read")
            done.notices += (item,)
            continue
        show(item, watchman, moment)
        size += len(item.data)
        lines += item.data.count(b"\n")
        done.bytes += len(item.data)
        if size >= BATCH:
            yield lines
            size = lines = 0
    yield lines


def show(chunk: Chunk, watchman: Watchman, moment: Moment) -> None:
    """Shows one chunk to the watchman."""
    if chunk.data:
        watchman.see(chunk.source, chunk.data, chunk.arrived, moment)


def settle(store: sqlite3.Connection, watchman: Watchman, now: float, happened: Happened) -> None:
    """Commits a batch and tells what happened in it."""
    actions = {name for trigger in watchman.triggers.triggers for name in trigger.actions}
    alerts, orders = commit(store, watchman, [], dict.fromkeys(actions, _ALL), now)
    following = iter(orders)
    counts = {trigger.name: len(trigger.actions) for trigger in watchman.triggers.triggers}
    for alert in alerts:
        happened(alert, [next(following) for _ in range(counts[alert.rule])])


def past(now: float) -> Moment:
    """The times of lines in a log that was written before `now` (seconds since the epoch), which decides on missing years."""
    last = now

    def moment(line: bytes) -> float:
        nonlocal last
        found = stamp(line, now)
        if found is not None:
            last = found
        return last

    return moment


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
