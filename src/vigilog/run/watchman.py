"""The chain of `vigilog run` and `vigilog replay`: lines, events, windows, alerts; and the transaction that commits a batch.

A batch's positions, the events it counted, the alerts it raised and the orders for them are committed together. Windows are
built again from the stored events at a start, by the same function: killed at any point, nothing is lost or counted twice.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from vigilog.core.nouns import Alert, Event, Order, Position
from vigilog.detect.elsewhere import Elsewhere
from vigilog.detect.triggers import LIVE_LIMIT, Moment, Occurrence, Sighting, TriggerSet
from vigilog.detect.window import Key, Window, Windows
from vigilog.store.database import transaction
from vigilog.store.events import (
    Counted,
    Row,
    add_events,
    all_events,
    counted,
    events,
    forget_events,
    last_number,
    packed,
    unpacked,
)
from vigilog.store.outbox import add_alerts
from vigilog.store.positions import save_positions
from vigilog.store.words import stored, told

if TYPE_CHECKING:
    from vigilog.shipping.outgoing import Outgoing, Tap

CONSUMER = "run"
SPARE = 10_000
"""So many events are stored that no window needs, and as many again as are needed, before those are forgotten."""


class Raised(NamedTuple):
    """An alert of a batch: what raised it, that event's number, and the events that prove it."""

    by: Occurrence
    number: int
    proof: Window


@dataclass(slots=True)
class Tally:
    """What a trigger has come to since the start."""

    events: int = 0
    alerts: int = 0


@dataclass(slots=True)
class Batch:
    """What was found since the last commit."""

    counted: list[Row] = field(default_factory=list)
    silenced: dict[tuple[int, Key], Row] = field(default_factory=dict)
    """The last event of each key that raises no alert for now. Nothing but its silence hangs on it, so the others are gone."""
    raised: list[Raised] = field(default_factory=list)
    told: bool = False
    """Whoever ships alerts has been told of these."""

    def __bool__(self) -> bool:
        return bool(self.counted or self.silenced)

    def rows(self) -> list[Row]:
        """What is to be stored, in order."""
        return sorted([*self.counted, *self.silenced.values()]) if self.silenced else self.counted


class Watchman:
    """Counts what the triggers find. `last` is the greatest number that an event has; `keys` is how many keys each trigger
    counts at a time. `in_fleet`: triggers of the fleet are not counted here. `tap`, if there is one, sees all that is found
    pass by."""

    def __init__(self, triggers: TriggerSet, keys: int, last: int = 0, *, in_fleet: bool = False) -> None:
        self.triggers = triggers
        self.windows = [
            Elsewhere() if in_fleet and each.fleet else Windows(each.count, each.within, each.anew, keys, each.once)
            for each in triggers.triggers
        ]
        self.unstored = {
            each.name
            for each, windows in zip(triggers.triggers, self.windows, strict=True)
            if not each.follows and (isinstance(windows, Elsewhere) or (each.count == 1 and not each.once))
        }
        """The triggers whose events no window and no process needs after a start."""
        self.tap: Tap | None = None
        self.tallies = [Tally() for _ in triggers.triggers]
        self.batch = Batch()
        self.newest = 0.0
        """The time of the newest event: by it, not by the clock, keys grow old."""
        self._last = last
        self._sources: dict[bytes, str] = {}
        self._names = [each.name for each in triggers.triggers]
        self._followed = [bool(each.follows) for each in triggers.triggers]

    def see(self, source: str, lines: bytes, arrived: float, moment: Moment) -> None:
        """Looks at whole lines of a source that arrived at a moment (seconds since the epoch); `moment` gives their times."""
        self.count(source, lines, arrived, self.triggers.sightings(source, lines, moment))

    def count(self, source: str, lines: bytes, arrived: float, sightings: Iterable[Sighting]) -> None:
        """Counts what was sighted in lines."""
        windows, tallies, last, newest = self.windows, self.tallies, self._last, self.newest
        names, followed, batch, name = self._names, self._followed, self.batch, stored(source)
        add, silenced = batch.counted.append, batch.silenced
        occurrences = self.triggers.told(source, lines, sightings)
        if self.tap is not None:
            occurrences = self.tap(source, arrived, occurrences)
        for occurrence in occurrences:
            trigger, clears, key, time, line, _ = occurrence
            last += 1
            values = key[0] if len(key) == 1 else packed(key)
            if clears:
                add((last, names[trigger], True, values, time, arrived, name, line))
                windows[trigger].reset(key)
                silenced.pop((trigger, key), None)
                continue
            tallies[trigger].events += 1
            newest = max(newest, time)
            proof = windows[trigger].enter(key, (time, last))
            if proof is None:
                add((last, names[trigger], False, values, time, arrived, name, line))
            elif proof:
                add((last, names[trigger], False, values, time, arrived, name, line))
                tallies[trigger].alerts += 1
                batch.raised.append(Raised(occurrence, last, proof))
            elif followed[trigger]:
                # each may have been another process, whose key the lines that follow have
                add((last, names[trigger], None, values, time, arrived, name, line))
            else:
                former = silenced.get((trigger, key))
                if former is None or time >= former[4]:
                    silenced[trigger, key] = (last, names[trigger], None, values, time, arrived, name, line)
        self._last, self.newest = last, newest

    def recount(self, stored: Iterable[Counted]) -> None:
        """Builds the windows again from what was counted before, in order. Raises no alert again."""
        places = {trigger.name: place for place, trigger in enumerate(self.triggers.triggers)}
        for event in stored:
            self._last = max(self._last, event.number)
            place = places.get(event.rule)
            if place is None:
                continue
            key, entry, windows = unpacked(event.key), (event.time, event.number), self.windows[place]
            if event.clears:
                windows.reset(key)
                continue
            if event.clears is None:
                windows.silence(key, entry)
            else:
                windows.enter(key, entry)
            self.newest = max(self.newest, event.time)
            self.triggers.remember(place, event.line, event.time, key)
        for windows in self.windows:
            windows.dropped = 0

    def inherit(self, former: Watchman) -> None:
        """Goes on with the numbers of the watchman before it, for the triggers that both have."""
        known = {each.name: place for place, each in enumerate(former.triggers.triggers)}
        for place, each in enumerate(self.triggers.triggers):
            if each.name in known:
                self.tallies[place] = former.tallies[known[each.name]]
                self.triggers.undecided[place] = former.triggers.undecided[known[each.name]]
                self.windows[place].dropped = former.windows[known[each.name]].dropped
        self._last = max(self._last, former._last)

    def alert(self, raised: Raised, known: Mapping[int, Row]) -> Alert:
        """A raised alert with its events, as far as they are `known`."""
        place, _, values, time, line, rule = raised.by
        trigger = self.triggers.triggers[place]
        key = tuple([value.decode("utf-8", "surrogateescape") for value in values])
        named = dict(zip(self.triggers.key_names(place), key, strict=False))
        # the event that raised it comes last, also where it came late and has its place in time before others
        numbers = [number for _, number in raised.proof if number in known and number != raised.number]
        events = [
            Event(each[4], each[5], self._source(each[6]), trigger.name, trigger.kind, named, each[7])
            for each in [known[number] for number in (*numbers, raised.number)]
        ]
        # a line that follows has none of the key's fields itself
        found = self.triggers.captures(rule, line)
        fields = {name: value for name, value in named.items() if value} | self.triggers.fields(place, rule, found)
        events[-1] = events[-1]._replace(fields=fields)
        return Alert(trigger.name, key, time, tuple(events), len(raised.proof))

    def _source(self, name: bytes) -> str:
        known = self._sources.get(name)
        if known is None:
            known = self._sources[name] = told(name)
        return known


def resume(store: sqlite3.Connection, triggers: TriggerSet, keys: int) -> Watchman:
    """A watchman of a host that goes on counting where the last one stopped."""
    watchman = Watchman(triggers, keys, last_number(store), in_fleet=True)
    watchman.recount(all_events(store))
    return watchman


def commit(
    store: sqlite3.Connection,
    watchman: Watchman,
    positions: Sequence[Position],
    room: dict[str, int],
    now: float,
    outgoing: Outgoing | None = None,
) -> tuple[list[Alert], list[Order]]:
    """Stores what was found and the positions behind it, in one transaction, which is that of `outgoing` if something may be
    shipped; gives the alerts, and the orders that begin now: as many for each action as it has `room`.

    `now` is seconds since the epoch. Raises StoreError; then nothing is stored, and the batch is still there.
    """
    batch = watchman.batch
    alerts: list[Alert] = []
    orders: list[Order] = []
    if not (batch or positions):
        return alerts, orders
    triggers = watchman.triggers.triggers
    known: dict[int, Row] = {event[0]: event for event in batch.counted} if batch.raised else {}
    wanted = {number for raised in batch.raised for _, number in raised.proof}.difference(known)
    unstored = watchman.unstored
    with outgoing.transaction() if outgoing else transaction(store):
        known.update(events(store, wanted))
        add_events(store, [row for row in batch.rows() if row[1] not in unstored] if unstored else batch.rows())
        alerts = [watchman.alert(raised, known) for raised in batch.raised]
        if outgoing and not batch.told:
            outgoing.alerts(alerts)
            batch.told = True
        actions = [triggers[raised.by[0]].actions for raised in batch.raised]
        orders = add_alerts(store, zip(alerts, actions, strict=True), room, now)
        save_positions(store, CONSUMER, positions)
    watchman.batch = Batch()
    return alerts, orders


def forget(store: sqlite3.Connection, watchman: Watchman) -> None:
    """Drops what cannot count any more, from memory and from the store, unless a batch waits to be committed: what that has
    used up would be missing if it never was. Raises StoreError."""
    if watchman.batch:
        return
    for windows in watchman.windows:
        # one stamp may be an hour too early and the next one an hour too late
        windows.expire(watchman.newest - 2 * LIVE_LIMIT)
    needed = {number for windows in watchman.windows for number in windows.numbers()}
    if counted(store) > 2 * len(needed) + SPARE:
        with transaction(store):
            forget_events(store, needed, {number for windows in watchman.windows for number in windows.silent()})
