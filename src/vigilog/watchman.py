"""The chain of `vigilog run` and `vigilog replay`: lines, events, windows, alerts; and the transaction that commits a batch.

A batch's positions, the events it counted, the alerts it raised and the orders for them are committed together. Windows are
built again from the stored events at a start, by the same function: killed at any point, nothing is lost or counted twice.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from vigilog.core.nouns import Alert, Event, Order, Position
from vigilog.detect.triggers import LIVE_LIMIT, Moment, Occurrence, TriggerSet
from vigilog.detect.window import Entry, Window, Windows
from vigilog.store.database import transaction
from vigilog.store.events import Counted, add_events, all_events, events, forget_events, forget_rules
from vigilog.store.outbox import add_alerts
from vigilog.store.positions import save_positions

CONSUMER = "run"
SLACK = 60.0
"""Seconds that events are kept beyond what their window needs."""


class Raised(NamedTuple):
    """An alert of a batch: what raised it, and the events that prove it."""

    by: Occurrence
    proof: Window


@dataclass(slots=True)
class Tally:
    """What a trigger has come to since the start."""

    events: int = 0
    alerts: int = 0


@dataclass(slots=True)
class Batch:
    """What was found since the last commit."""

    counted: list[Counted] = field(default_factory=list)
    raised: list[Raised] = field(default_factory=list)


class Watchman:
    """Counts what the triggers find. `last` is the greatest number that an event has; `keys` is how many keys each trigger
    counts at a time."""

    def __init__(self, triggers: TriggerSet, keys: int, last: int = 0) -> None:
        self.triggers = triggers
        self.windows = [Windows(each.count, each.within, each.anew, keys) for each in triggers.triggers]
        self.tallies = [Tally() for _ in triggers.triggers]
        self.batch = Batch()
        self.newest = 0.0
        """The time of the newest event: by it, not by the clock, keys grow old."""
        self._last = last

    def see(self, source: str, lines: bytes, arrived: float, moment: Moment) -> None:
        """Looks at whole lines of a source that arrived at a moment (seconds since the epoch); `moment` gives their times."""
        triggers, windows, tallies, last, newest = self.triggers.triggers, self.windows, self.tallies, self._last, self.newest
        add = self.batch.counted.append
        for occurrence in self.triggers.occurrences(source, lines, moment):
            trigger, clears, key, time, line, _, _ = occurrence
            last += 1
            add(Counted(last, triggers[trigger].name, clears, key, time, arrived, source, line))
            if clears:
                windows[trigger].reset(key)
                continue
            tallies[trigger].events += 1
            newest = max(newest, time)
            proof = windows[trigger].enter(key, Entry(time, last))
            if proof is not None:
                tallies[trigger].alerts += 1
                self.batch.raised.append(Raised(occurrence, proof))
        self._last, self.newest = last, newest

    def recount(self, stored: Iterable[Counted]) -> None:
        """Builds the windows again from what was counted before, in order. Raises no alert again."""
        places = {trigger.name: place for place, trigger in enumerate(self.triggers.triggers)}
        for event in stored:
            place = places.get(event.rule)
            if place is None:
                continue
            if event.clears:
                self.windows[place].reset(event.key)
            else:
                self.windows[place].enter(event.key, Entry(event.time, event.number))
                self.newest = max(self.newest, event.time)
            self._last = max(self._last, event.number)

    def inherit(self, former: Watchman) -> None:
        """Goes on with the numbers of the watchman before it, for the triggers that both have."""
        tallies = dict(zip((each.name for each in former.triggers.triggers), former.tallies, strict=True))
        self.tallies = [tallies.get(each.name) or Tally() for each in self.triggers.triggers]
        self._last = max(self._last, former._last)

    def taken(self) -> Batch:
        """The batch, which begins anew."""
        batch, self.batch = self.batch, Batch()
        return batch

    def alert(self, raised: Raised, known: Mapping[int, Counted]) -> Alert:
        """A raised alert with its events, as far as they are `known`."""
        by = raised.by
        trigger = self.triggers.triggers[by.trigger]
        key = tuple([value.decode("utf-8", "surrogateescape") for value in by.key])
        named = dict(zip(self.triggers.key_names(by.trigger), key, strict=False))
        events = [
            Event(each.time, each.arrived, each.source, trigger.name, trigger.kind, named, each.line)
            for each in [known[entry.number] for entry in raised.proof if entry.number in known]
        ]
        fields = self.triggers.fields(by.trigger, by.rule, by.found)
        # the event that raised it comes last, also where it came late and has its place in time before others
        last = next(place for place in range(len(events) - 1, -1, -1) if events[place].line is by.line)
        crossing = replace(events.pop(last), fields=fields)
        return Alert(trigger.name, key, by.time, (*events, crossing))


def resume(store: sqlite3.Connection, triggers: TriggerSet, keys: int) -> Watchman:
    """A watchman that goes on counting where the last one stopped."""
    watchman = Watchman(triggers, keys)
    watchman.recount(all_events(store))
    return watchman


def commit(
    store: sqlite3.Connection, watchman: Watchman, positions: Sequence[Position], room: dict[str, int], now: float
) -> tuple[list[Alert], list[Order]]:
    """Stores what was found and the positions behind it, in one transaction; gives the alerts, and the orders that begin
    now: as many for each action as it has `room`.

    `now` is seconds since the epoch. Raises StoreError; then nothing is stored, and the batch is still there.
    """
    batch = watchman.batch
    alerts: list[Alert] = []
    orders: list[Order] = []
    if not (batch.counted or positions):
        return alerts, orders
    triggers = watchman.triggers.triggers
    known = {event.number: event for event in batch.counted} if batch.raised else {}
    wanted = {entry.number for raised in batch.raised for entry in raised.proof}.difference(known)
    with transaction(store):
        known.update(events(store, sorted(wanted)) if wanted else {})
        counts = {trigger.name: trigger.count for trigger in triggers}
        add_events(store, (event for event in batch.counted if counts[event.rule] > 1))
        alerts = [watchman.alert(raised, known) for raised in batch.raised]
        actions = [triggers[raised.by.trigger].actions for raised in batch.raised]
        orders = add_alerts(store, zip(alerts, actions, strict=True), room, now)
        save_positions(store, CONSUMER, positions)
    watchman.taken()
    return alerts, orders


def forget(store: sqlite3.Connection, watchman: Watchman, now: float) -> None:
    """Drops what cannot count any more at `now` (seconds since the epoch), from memory and from the store."""
    with transaction(store):
        forget_rules(store, [trigger.name for trigger in watchman.triggers.triggers])
        for trigger, windows in zip(watchman.triggers.triggers, watchman.windows, strict=True):
            windows.expire(watchman.newest - LIVE_LIMIT)
            before = None if trigger.within is None else now - trigger.within - LIVE_LIMIT - SLACK
            forget_events(store, trigger.name, before=before, keep=windows.most * trigger.count)
