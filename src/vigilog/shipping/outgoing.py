"""What `vigilog run` ships, made safe with what it stores.

Records are collected as things happen. The transaction that stores what they are about first hands them to the target, sees
them on its disk, and stores the number of the last one; only then they may be sent. Killed at any point, what the store does
not know of is cut off the spool, and comes again from the sources.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from msgspec.structs import replace

from vigilog.config.settings import Settings
from vigilog.core.clock import Clock
from vigilog.core.errors import StoreError
from vigilog.core.nouns import Alert, Outcome, Place, Position
from vigilog.detect.triggers import Occurrence, TriggerSet
from vigilog.ship.counts import Counts, Ending
from vigilog.ship.seam import Target
from vigilog.shipping import sightings
from vigilog.shipping.destination import MIB, spool_directory, wanted, where
from vigilog.shipping.gathered import Gathered
from vigilog.shipping.streams import Streams, Taker
from vigilog.store.database import transaction
from vigilog.store.positions import positions, save_positions

CONSUMER = "ship"
NUMBER = "number"
BATCH = 8 * MIB
"""So many bytes of records are enough for a turn."""
SPARE = 0.25
"""This part of a spool, and no more than two batches, is kept for what cannot wait: alerts, outcomes, bans."""

Tap = Callable[[str, float, Iterable[Occurrence]], Iterator[Occurrence]]
"""Lets occurrences of a source, whose lines arrived at a moment, pass by."""


class Outgoing:
    """Collects what is to be shipped. `open_target` opens where it goes, told the number of the last record that the store
    knows of; it is asked only where there is something to ship. `name_of` gives the name of a source that the configuration
    writes so. In a `trial` nothing is shipped. Raises what `open_target` raises."""

    def __init__(
        self,
        settings: Settings,
        store: sqlite3.Connection,
        open_target: Callable[[Settings, int | None], Target],
        name_of: Callable[[str], str],
        clock: Clock,
        *,
        trial: bool = False,
    ) -> None:
        self._settings, self._store, self._open, self._name_of, self._clock = settings, store, open_target, name_of, clock
        self._host = settings.fleet.host or os.uname().nodename
        self._trial = trial
        self._streams = self._streams_of(settings)
        self._gathered = Gathered()
        self._stored = 0
        self._full = False
        self._target: Target | None = None
        if self._wants(settings):
            self._begin(settings)

    @property
    def counts(self) -> Counts | None:
        """What the target counts; None where nothing is shipped."""
        return self._target.counts if self._target else None

    @property
    def topics(self) -> Mapping[str, int]:
        """How many records of each topic were handed over since the start."""
        return self._gathered.topics

    @property
    def to(self) -> str:
        """Where it goes, as the configuration writes it; '' for nowhere."""
        return self._settings.ship.to if self._target else ""

    def is_full(self) -> bool:
        """Whether no source should be read: there would be no room for its records. Once full, it is so until there is twice
        as much room, or it would be said all the time."""
        ship = self._settings.ship
        if self._target is None or ship.to != "kafka" or ship.when_full != "wait":
            return False
        least = min(ship.spool_size * MIB * SPARE, 2 * BATCH)
        self._full = self._target.room() <= (2 * least if self._full else least)
        return self._full

    @property
    def is_enough(self) -> bool:
        """Whether what was collected should be stored before more is read."""
        return self._gathered.size >= BATCH

    def lines(self, source: str, lines: bytes, arrived: float) -> None:
        """Whole lines of a source, that arrived at a moment (seconds since the epoch)."""
        self._gathered.add_blocks(self._streams.lines_of(source, lines, arrived))

    def alerts(self, alerts: Iterable[Alert]) -> None:
        """Alerts that are about to be stored."""
        self._gathered.add(self._streams.alerts(alerts, self._clock()))

    def outcomes(self, outcomes: Iterable[Outcome]) -> None:
        """What actions did."""
        self._gathered.add(self._streams.outcomes(outcomes, self._clock()))

    def changes(self, changes: Iterable[object]) -> None:
        """Bans and lifts; anything else is passed over."""
        self._gathered.add(self._streams.changes(changes, self._clock()))

    def tap(self, triggers: TriggerSet) -> Tap | None:
        """What takes events out of the occurrences of these triggers as they pass by; None where nobody wants any."""
        takers = self._takers(triggers)
        if not takers:
            return None

        def passing(source: str, arrived: float, occurrences: Iterable[Occurrence]) -> Iterator[Occurrence]:
            for occurrence in occurrences:
                for take in takers.get(occurrence[0], ()):
                    self._gathered.add(take(source, arrived, occurrence))
                yield occurrence

        return passing

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """The store's transaction; what was collected by its end is as safe as what is stored. Raises StoreError: then it is
        collected still, or in the spool, and the next transaction stores it."""
        with transaction(self._store):
            yield
            number = self._handed_over()
            if number is not None:
                self._note(self._settings, number)
        if number is not None and self._target is not None:
            self._target.release(number)
            self._stored = number

    def replace(self, settings: Settings) -> None:
        """Goes on with other settings. What was collected must have been stored. Raises what opening a target raises; then it
        goes on as before."""
        former = self._settings
        changed = where(settings) != where(former) or self._wants(settings) != (self._target is not None)
        streams = self._streams_of(settings)
        if changed:
            if self._target is not None:
                self._target.close(0.0)
                self._target = None
            try:
                if self._wants(settings):
                    self._begin(settings)
            except BaseException:
                if self._wants(former):
                    self._begin(former)
                raise
        if self._target is None:
            self._gathered = Gathered()
        self._settings, self._streams = settings, streams

    def close(self) -> Ending | None:
        """Waits for acknowledgements, for as long as the settings allow; says what became of all. None where nothing is
        shipped."""
        target, self._target = self._target, None
        return target.close(self._settings.ship.flush_time) if target else None

    def _wants(self, settings: Settings) -> bool:
        return not self._trial and wanted(settings)

    def _streams_of(self, settings: Settings) -> Streams:
        return Streams(replace(settings, streams=()) if self._trial else settings, self._host, self._name_of)

    def _begin(self, settings: Settings) -> None:
        known = positions(self._store, CONSUMER).get(self._name(settings))
        number = known.state.get(NUMBER) if known else None
        self._target = self._open(settings, number if isinstance(number, int) else None)
        self._stored = self._target.next_number - 1
        if not isinstance(number, int):  # or what a first run leaves behind would not be known from what it stored
            with transaction(self._store):
                self._note(settings, self._stored)
        self._target.release(self._stored)

    def _note(self, settings: Settings, number: int) -> None:
        save_positions(self._store, CONSUMER, [Position(self._name(settings), {NUMBER: number})])

    def _name(self, settings: Settings) -> str:
        return f"spool:{spool_directory(settings)}" if settings.ship.to == "kafka" else settings.ship.to

    def _takers(self, triggers: TriggerSet) -> Mapping[int, Sequence[Taker]]:
        takers = self._streams.takers(triggers)
        fleet = [place for place, each in enumerate(triggers.triggers) if each.fleet]
        if fleet and self._target is not None:
            told = sightings.taker(triggers, self._settings.fleet.events, self._host, self._next_one)
            for place in fleet:
                takers.setdefault(place, []).append(told)
        return takers

    def _next_one(self) -> tuple[str, int]:
        return (self._target.origin, self._target.next_number + self._gathered.records) if self._target else ("", 0)

    def _handed_over(self) -> int | None:
        """Hands over what was collected, and sees it on the disk; gives the number of the last record if the store does not
        know of it."""
        target = self._target
        place = Place(self._name(self._settings))
        if target is None:
            if self._gathered.size:
                raise StoreError("there is nowhere to ship to", place=place, remedy="reload the configuration, or start again")
            return None
        self._gathered.hand_over(target)
        last = target.next_number - 1
        if last <= self._stored:
            return None
        if not target.settle():
            raise StoreError("what is to be shipped cannot be written", place=place, remedy="make room on its disk")
        return last
