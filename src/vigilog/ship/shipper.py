"""Records → Kafka, whatever the brokers do: the one door of this room."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

from vigilog.core.clock import Clock, wall
from vigilog.core.errors import DeliveryError, StoreError
from vigilog.core.nouns import Place
from vigilog.ship.block import Batch, batches
from vigilog.ship.counts import Counts, Ending
from vigilog.ship.forks import childs_directory
from vigilog.ship.parts import Parts, begun, counts, ended
from vigilog.ship.properties import check
from vigilog.ship.record import Record
from vigilog.ship.settings import Connection, SpoolSettings
from vigilog.ship.spool import SpoolFull

__all__ = ["Shipper", "SpoolFull"]
DEAD_LETTERS = "dead-letters"


class Shipper:
    """Takes records, and sees to it that each one is acknowledged by a broker, waits on the disk, or is a dead letter.

    A thread of its own sends; `offer`, `release`, `room` and `counts` never wait for a broker or for the disk. All methods may
    be called from any thread. What is offered is numbered 1, 2, 3 ... for ever, over restarts, by the spool.

    `say` gets one line for the administrator about whatever he must know (brokers away, brokers back, dead letters), never one
    for each record; it is called from another thread. With `hold` nothing is sent before `release` allows it. `committed` is
    for who reads a source that can be read again, and keeps the number of the last record with his position: what lies in
    the spool behind that number is forgotten, since it will be offered again (with the same numbers, if nothing else changed).

    A forked child that offers something gets a spool and a producer of its own, and touches nothing of its parent's; what it
    leaves behind is taken over by the next Shipper on the directory. With `hold` a child's offers raise StoreError, since only
    the process that keeps the positions can release them.

    Use it in a `with`, or call `close`. Raises ConfigurationError (with the place of the property or broker that is wrong),
    MissingExtra, StoreError (the spool's directory) and AlreadyRunning (another process uses it), at once and in this order:
    nothing is created before the configuration is right.
    """

    def __init__(
        self,
        connection: Connection,
        spool: SpoolSettings,
        *,
        say: Callable[[str], None],
        clock: Clock = wall,
        hold: bool = False,
        committed: int | None = None,
    ) -> None:
        check(connection)
        self._connection = connection
        self._settings = replace(spool, dead_letters=spool.dead_letters or os.path.join(spool.directory, DEAD_LETTERS))
        self._say = say
        self._clock = clock
        self._hold = hold
        self._ending: Ending | None = None
        self._parts = self._begin(self._settings, committed)

    def _begin(self, settings: SpoolSettings, committed: int | None) -> Parts:
        return begun(self._connection, settings, say=self._say, clock=self._clock, hold=self._hold, committed=committed)

    def _mine(self) -> Parts:
        """What this process works with: after a fork something else than its parent."""
        if self._parts.process != os.getpid():
            if self._hold:
                raise StoreError("a forked child cannot offer what only its parent can release", place=self._place)
            self._ending = None
            self._parts = self._begin(replace(self._settings, directory=childs_directory(self._settings.directory)), None)
        return self._parts

    @property
    def _place(self) -> Place:
        return Place(self._settings.directory)

    @property
    def origin(self) -> str:
        """The spool's random name (16 hexadecimal digits); with a record's number it names the record in all the world."""
        return self._mine().spool.origin

    @property
    def next_number(self) -> int:
        """The number that the next record offered will have."""
        return self._mine().spool.stock.last + 1

    @property
    def safe(self) -> int:
        """The number up to which all is acknowledged, a dead letter, or synced on the disk."""
        return self._mine().spool.stock.safe

    def offer(self, records: Sequence[Record]) -> int:
        """Takes records; gives the number of the last one. Records of one topic and key arrive in the order offered.

        Raises SpoolFull (`when_full = "wait"` only; then nothing of `records` was taken).
        """
        return self._mine().spool.offer(batches(records))

    def offer_values(self, topic: str, values: Sequence[bytes], keys: Sequence[bytes | None] | None = None) -> int:
        """The same for many records of one topic, without an object for each; `keys`, if given, one for each of `values`.
        Both are lists or tuples, and may not be changed afterwards. Raises ValueError if they are not as long as each other."""
        if keys is not None and len(keys) != len(values):
            raise ValueError(f"{len(keys)} keys for {len(values)} values")
        return self._mine().spool.offer((Batch(topic, keys, values),))

    def release(self, number: int) -> None:
        """With `hold`: all up to `number` may be sent."""
        self._mine().spool.release(number)

    def settle(self, seconds: float = 0.0, number: int | None = None) -> bool:
        """Whether all that was offered so far (or all up to `number`) is safe: acknowledged, a dead letter, or on the disk and
        synced.

        Waits up to `seconds` for acknowledgements, and writes to the disk what has none by then. False: the disk does not
        take it (full); keep the position where it is, and ask again. Raises DeliveryError if the thread that sends died.
        """
        parts = self._mine()
        if parts.feeder.failure is not None and self._ending is None:
            raise DeliveryError(f"shipping stopped: {parts.feeder.failure}", place=self._place) from parts.feeder.failure
        return parts.spool.settle(seconds, number)

    def room(self) -> int:
        """How many bytes may be offered before the spool is full; 0 with `when_full = "wait"`: do not read on. Always
        positive with `drop-oldest`."""
        return self._mine().spool.room()

    @property
    def counts(self) -> Counts:
        """For status and metrics."""
        if self._parts.process != os.getpid():
            return Counts()
        if self._ending is not None:
            return self._ending.counts
        return counts(self._parts)

    def close(self, seconds: float) -> Ending:
        """Waits up to `seconds` for acknowledgements, writes the rest to the disk, and ends the thread. What is not released
        stays in the spool. A second call gives the same answer at once."""
        if self._ending is None and self._parts.process != os.getpid():
            return Ending(0, 0, 0, 0, 0, Counts())
        if self._ending is None:
            self._ending = ended(self._parts, seconds)
        return self._ending

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close(0)
