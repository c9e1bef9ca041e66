"""The records that wait, as memory knows them: which are where, and how far each step of their way has come.

Numbers only ever grow, in this order: acknowledged <= given (to a producer) <= released <= last offered. What lies between
acknowledged and given is kept in memory. What was not given yet is in memory too, or, when that became too much, only on the
disk up to `spilled`; whatever waits in memory has higher numbers.
"""

from __future__ import annotations

import time

from vigilog.ship.block import Batch, Block, blocks
from vigilog.ship.held import Held
from vigilog.ship.note import Note
from vigilog.ship.segments import Segments

RECORDS = 10_000
BYTES = 2 << 20


class Stock:
    """Numbers and memory of a spool whose `segments` and `note` were found so, and whose owner committed up to `committed`
    (None: he does not say). `repeated` is how many records may be sent a second time. Its caller sees to it that only one
    thread at a time is here, and touches the disk."""

    def __init__(self, segments: Segments, note: Note, committed: int | None) -> None:
        self.last = max(note.acknowledged, note.given, segments.last) if committed is None else committed
        self.acknowledged = self.given = min(note.acknowledged, self.last)
        self.repeated = max(0, note.given - self.last)
        self.repeated += segments.waiting(self.acknowledged) - segments.waiting(max(self.acknowledged, note.given))
        if not segments.waiting(self.acknowledged):
            self.given = self.acknowledged = self.last
        self.released = self.written = self.spilled = self.last
        self.in_flight, self.waiting, self.unwritten = Held(), Held(), Held()
        self.offered = self.done = self.dropped = 0

    @property
    def safe(self) -> int:
        """Number up to which all is done with, or synced on the disk."""
        return max(self.acknowledged, self.written)

    def add(self, batches: tuple[Batch, ...]) -> None:
        """Numbers records and takes them in."""
        now = time.monotonic()
        for block in blocks(self.last + 1, batches, records=RECORDS, size=BYTES):
            self.waiting.add(block, now)
            self.unwritten.add(block, now)
            self.last = block.last
            self.offered += block.records

    def take(self, records: int, size: int) -> list[Block]:
        """Gives the next blocks that are in memory and released, until they are so many records or bytes."""
        taken: list[Block] = []
        while self.waiting and self.waiting.first.last <= self.released and records > 0 and size > 0:
            block, since = self.waiting.take()
            self.in_flight.add(block, since)
            taken.append(block)
            records -= block.records
            size -= block.size
            self.given = block.last
        return taken

    def took(self, taken: list[Block], until: int) -> None:
        """These blocks were read from the disk, and are given; none: there is nothing up to `until`."""
        for block in taken:
            self.in_flight.add(block, 0.0)
        self._skip(taken[-1].last if taken else until)

    def acknowledge(self) -> None:
        """All that was given is done with."""
        self.done += self.in_flight.forget(self.given)
        self.acknowledged = self.given
        self.unwritten.forget(self.given)

    def drop(self) -> None:
        """Forgets the oldest block that waits in memory and is not on the disk, or would be there before."""
        block, _ = self.waiting.take()
        self.unwritten.forget(block.last)
        self.dropped += block.records
        self._skip(block.last)

    def dropped_on_disk(self, until: int, records: int) -> None:
        """All up to `until` is gone from the disk, `records` of it never given."""
        self.dropped += records
        self.waiting.forget(until)
        self._skip(until)

    def write(self, until: int, memory: int) -> None:
        """All up to `until` is on the disk; what waits there and is more than so many bytes leaves the memory."""
        self.written = max(self.written, until)
        self.unwritten.forget(self.written)
        if self.waiting.size >= memory:
            self.waiting.forget(self.written)
            self.spilled = max(self.spilled, self.written)

    def _skip(self, until: int) -> None:
        """What is not in flight and not above `until` is not waited for any more."""
        self.given = max(self.given, until)
        if not self.in_flight:
            self.acknowledged = self.given
