"""Where records wait between those who offer them and the thread that sends them: in memory, and on the disk if it takes long.

Numbers only ever grow, in this order: acknowledged <= given (to a producer) <= released <= last offered. What lies between
acknowledged and given is kept in memory. What was not given yet is in memory too, or, when that became too much, only on the
disk up to `_spilled`; whatever is in memory has higher numbers.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Condition, Lock

from vigilog.core.errors import StoreError
from vigilog.core.nouns import Place
from vigilog.ship.block import Batch, Block, blocks
from vigilog.ship.held import Held
from vigilog.ship.note import Note
from vigilog.ship.settings import SMALLEST, SpoolSettings
from vigilog.ship.spool_files import spool_files

MEMORY = 16 << 20
"""How many bytes may wait in memory before they are written to the disk."""
HARD = 4 * MEMORY
"""How many bytes that are not on the disk may be in memory, if it does not take them."""
RECORDS = 10_000
BYTES = 2 << 20
_AGAIN = 1.0  # seconds before a disk that refused is asked again by the thread


class SpoolFull(StoreError):
    """There is no room for more records: do not read on, `settle`, and offer them again."""


class Spool:
    """A spool in `settings.directory`. Methods may be called from any thread; `take`, `acknowledge` and `tend` from one only.

    `hold`, `committed` and `say` are `Shipper`'s. Raises StoreError and AlreadyRunning.
    """

    def __init__(
        self, settings: SpoolSettings, *, say: Callable[[str], None], hold: bool = False, committed: int | None = None
    ) -> None:
        self._settings = settings
        self._size = max(SMALLEST, settings.size)
        self._memory = min(MEMORY, self._size // 4)
        self._hard = min(HARD, self._size)
        self._say = say
        self._hold = hold
        self._files = spool_files(settings.directory, self._size, say)
        self._segments = self._files.segments
        note = self._files.note.note or Note("")
        self.origin = note.origin
        self.repeated = 0
        if committed is not None:
            self.repeated = max(0, note.given - committed)
            try:
                self._segments.cut(committed)
            except OSError as error:
                self._files.close()
                raise StoreError(f"the spool cannot be cut: {error.strerror}", place=Place(self._files.directory)) from error
        last = max(note.acknowledged, note.given, self._segments.last) if committed is None else committed
        self._acknowledged = self._given = min(note.acknowledged, last)
        given = max(self._acknowledged, note.given)
        self.repeated += self._segments.waiting(self._acknowledged) - self._segments.waiting(given)
        self._last = self._released = last
        self._written = self._spilled = last
        if not self._segments.waiting(self._acknowledged):
            self._given = self._acknowledged = last
        self._in_flight, self._waiting, self._unwritten = Held(), Held(), Held()
        self.offered = self.done = self.dropped = self.errors = 0
        self.trouble = ""
        self._retry = 0.0
        self._changed = Condition(Lock())
        self._disk = Lock()  # taken before `_changed`, never while holding it
        self._closed = False

    @property
    def directory(self) -> str:
        """Where it is."""
        return self._files.directory

    @property
    def damaged(self) -> int:
        """Records lost to damage (at least)."""
        return self._segments.damaged

    @property
    def last(self) -> int:
        """Number of the record offered last."""
        return self._last

    @property
    def given(self) -> int:
        """Number of the last record that was taken for the producer."""
        return self._given

    @property
    def released(self) -> int:
        """Number of the last record that may be sent."""
        return self._released

    @property
    def acknowledged(self) -> int:
        """Number up to which all is done with."""
        return self._acknowledged

    @property
    def safe(self) -> int:
        """Number up to which all is done with, or synced on the disk."""
        return max(self._acknowledged, self._written)

    @property
    def spooled(self) -> tuple[int, int]:
        """How many records wait on the disk, and how many bytes the files take."""
        return self._segments.waiting(self._acknowledged), self._segments.size

    @property
    def waiting(self) -> int:
        """How many records are not done with (at most)."""
        return self._last - self._acknowledged

    def offer(self, batches: tuple[Batch, ...]) -> int:
        """Takes records; gives the number of the last one. Raises SpoolFull."""
        with self._changed:
            if not any(batch.values for batch in batches):
                return self._last
            if self._closed:
                raise StoreError("the spool is closed", place=Place(self.directory))
            self._make_room()
            now = time.monotonic()
            for block in blocks(self._last + 1, batches, records=RECORDS, size=BYTES):
                self._waiting.add(block, now)
                self._unwritten.add(block, now)
                self._last = block.last
                self.offered += block.records
            if not self._hold:
                self._released = self._last
            self._changed.notify_all()
            return self._last

    def room(self) -> int:
        """Bytes that may be offered; not less than 1 where the oldest makes room."""
        room = min(self._size - self._segments.size - self._unwritten.size, self._hard - self._unwritten.size)
        return max(room, 0 if self._settings.when_full == "wait" else 1)

    def _make_room(self) -> None:
        if self._settings.when_full == "wait":
            if not self.room():
                raise SpoolFull(
                    "the spool is full",
                    place=Place(self.directory),
                    remedy="it is emptied as soon as brokers acknowledge" if not self.trouble else self.trouble,
                )
            return
        # Only if the disk refuses or hangs: otherwise the thread that writes makes room there.
        while self._unwritten.size >= self._hard and self._waiting:
            block, _ = self._waiting.take()
            self._unwritten.forget(block.last)
            self.dropped += block.records
            self._skip(block.last)

    def _skip(self, until: int) -> None:
        """What is not in flight and not above `until` is not waited for any more."""
        self._given = max(self._given, until)
        if not self._in_flight:
            self._acknowledged = self._given
        self._changed.notify_all()

    def release(self, number: int) -> None:
        """All up to `number` may be sent."""
        with self._changed:
            self._released = max(self._released, min(number, self._last))
            self._changed.notify_all()

    def settle(self, seconds: float, number: int | None = None) -> bool:
        """Whether all up to `number` (None: all) is safe; waits so long for acknowledgements, then writes."""
        until = self._last if number is None else min(number, self._last)
        self.wait_for(lambda: self.safe >= min(until, self._released), seconds)
        return self.safe >= until or (self._write(until) and self.safe >= until)

    def wait_for(self, condition: Callable[[], bool], seconds: float) -> None:
        """Waits until `condition` holds after something changed, no longer than so many seconds."""
        with self._changed:
            self._changed.wait_for(condition, seconds)

    def wake(self) -> None:
        """Lets everybody who waits look again."""
        with self._changed:
            self._changed.notify_all()

    def take(self, records: int, size: int) -> list[Block]:
        """The next blocks for the producer, oldest first, until they are so many records or bytes; none if none may be sent."""
        taken: list[Block] = []
        if self._given < self._spilled:
            with self._disk:
                until = min(self._spilled, self._released)
                taken += self._segments.read(self._given, until, min(size, BYTES))
                with self._changed:
                    for block in taken:
                        self._in_flight.add(block, 0.0)
                    self._skip(taken[-1].last if taken else until)
        if not taken:
            with self._changed:
                while self._waiting and self._waiting.first.last <= self._released and records > 0 and size > 0:
                    block, since = self._waiting.take()
                    self._in_flight.add(block, since)
                    taken.append(block)
                    records -= block.records
                    size -= block.size
                    self._given = block.last
        if taken:
            self._note()
        return taken

    def acknowledge(self) -> None:
        """All that was taken is done with; `done` counts it."""
        with self._changed:
            self.done += self._in_flight.forget(self._given)
            self._acknowledged = self._given
            self._unwritten.forget(self._given)
            self._changed.notify_all()
        self._note()
        with self._disk:
            try:
                self._segments.forget(self._acknowledged)
            except OSError as error:
                self._failed(error)

    def tend(self) -> None:
        """Writes what has waited for too long, or takes too much memory."""
        after = self._settings.write_after
        now = time.monotonic()
        with self._changed:
            late = after is not None and bool(self._unwritten) and now - self._unwritten.since >= after
            needed = late or self._unwritten.size >= self._memory or self._waiting.size >= self._memory
        if needed and now >= self._retry:
            self._write(self._last)

    def _write(self, until: int) -> bool:
        """Puts on the disk what is numbered up to `until` and is not there."""
        with self._disk:
            with self._changed:
                pending = [block for block in self._unwritten if block.last <= until]
            try:
                if self._settings.when_full == "drop-oldest":
                    self._drop(sum(block.size for block in pending))
                if pending:
                    self._segments.append(pending)
            except OSError as error:
                self._failed(error)
                return False
            self.trouble = ""
            with self._changed:
                if pending:
                    self._written = max(self._written, pending[-1].last)
                    self._unwritten.forget(self._written)
                if self._waiting.size >= self._memory:
                    self._waiting.forget(self._written)
                    self._spilled = max(self._spilled, self._written)
                self._changed.notify_all()
        return True

    def _drop(self, size: int) -> None:
        """Makes room for so many bytes on the disk."""
        while self._segments.size and self._segments.size + size > self._size:
            with self._changed:
                before = self._segments.waiting(self._given)
                dropped = self._segments.drop_oldest()
                if dropped is None:
                    return
                self.dropped += before - self._segments.waiting(self._given)
                self._waiting.forget(dropped[1])
                self._skip(dropped[1])

    def _failed(self, error: OSError) -> None:
        self.errors += 1
        self._retry = time.monotonic() + _AGAIN
        trouble = f"the spool cannot be written: {error.strerror}"
        if trouble != self.trouble:
            self._say(f"{self.directory}: {trouble}; records wait in memory as long as there is room")
        self.trouble = trouble

    def _note(self) -> None:
        try:
            self._files.note.write(Note(self.origin, self._acknowledged, self._given))
        except OSError as error:
            self._failed(error)

    def close(self) -> tuple[int, int]:
        """Writes what is not done with, and lets go of the files; gives how many records are left on the disk, and how many
        are lost since it did not take them."""
        self._write(self._last)
        with self._disk, self._changed:
            self._closed = True
            self._note()
            lost = self._unwritten.records
            left = self._segments.waiting(self._acknowledged)
            if not left:
                with suppress(OSError):  # what is left of it is known to be done with
                    self._segments.clear()
            self._files.close()
            self._changed.notify_all()
        return left, lost
