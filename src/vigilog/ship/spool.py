"""Where records wait between those who offer them and the thread that sends them: in memory; on the disk if it takes long."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Condition, Lock

from vigilog.core.errors import StoreError
from vigilog.core.nouns import Place
from vigilog.ship.block import Batch, Block
from vigilog.ship.note import Note
from vigilog.ship.settings import SMALLEST, SpoolSettings
from vigilog.ship.spool_files import spool_files
from vigilog.ship.stock import BYTES, Stock

MEMORY = 16 << 20
"""How many bytes may wait in memory before they are written to the disk."""
HARD = 4 * MEMORY
"""How many bytes that are not on the disk may be in memory, if it does not take them."""
UNASKED = 2 * MEMORY
"""The same, if nothing is written without being asked for."""
_AGAIN = 1.0  # seconds before a disk that refused is asked again by the thread


class SpoolFull(StoreError):
    """There is no room for more records: do not read on, `settle`, and offer them again."""


class Spool:
    """A spool in `settings.directory`; `stock` says how far it is. Methods may be called from any thread; `take`, `acknowledge`
    and `tend` from one only.

    `hold`, `committed` and `say` are `Shipper`'s. Raises StoreError and AlreadyRunning.
    """

    def __init__(
        self, settings: SpoolSettings, *, say: Callable[[str], None], hold: bool = False, committed: int | None = None
    ) -> None:
        self._settings = settings
        self._size = max(SMALLEST, settings.size)
        self._memory = min(MEMORY, self._size // 4)
        self._hard = min(HARD if settings.write_after is not None else UNASKED, self._size)
        self._say = say
        self._hold = hold
        self._files = spool_files(settings.directory, self._size, say)
        self._segments = self._files.segments
        note = self._files.note.note or Note("")
        self.origin = note.origin
        if committed is not None:
            try:
                self._segments.cut(committed)
            except OSError as error:
                self._files.close()
                raise StoreError(f"the spool cannot be cut: {error.strerror}", place=self._place) from error
        self.stock = Stock(self._segments, note, committed)
        self.errors = 0
        self.trouble = ""
        self._retry = 0.0
        self._changed = Condition(Lock())
        self._disk = Lock()  # taken before `_changed`, never while holding it
        self._closed = False

    @property
    def _place(self) -> Place:
        return Place(self._files.directory)

    @property
    def damaged(self) -> int:
        """Records lost to damage (at least)."""
        return self._segments.damaged

    @property
    def spooled(self) -> tuple[int, int]:
        """How many records wait on the disk, and how many bytes the files take."""
        return self._segments.waiting(self.stock.acknowledged), self._segments.size

    def offer(self, batches: tuple[Batch, ...]) -> int:
        """Takes records; gives the number of the last one. Raises SpoolFull."""
        with self._changed:
            if any(batch.values for batch in batches):
                if self._closed:
                    raise StoreError("the spool is closed", place=self._place)
                self._make_room()
                self.stock.add(batches)
                if not self._hold:
                    self.stock.released = self.stock.last
                self._changed.notify_all()
            return self.stock.last

    def room(self) -> int:
        """Bytes that may be offered; not less than 1 where the oldest makes room."""
        unwritten = self.stock.unwritten.size
        room = min(self._size - self._segments.size, self._hard) - unwritten
        return max(room, 0 if self._settings.when_full == "wait" else 1)

    def _make_room(self) -> None:
        if self._settings.when_full == "wait":
            if not self.room():
                remedy = self.trouble or "it is emptied as soon as brokers acknowledge"
                raise SpoolFull("the spool is full", place=self._place, remedy=remedy)
            return
        # Only if the disk refuses or hangs: otherwise whoever writes makes room there.
        while self.stock.unwritten.size >= self._hard and self.stock.waiting:
            self.stock.drop()

    def release(self, number: int) -> None:
        """All up to `number` may be sent."""
        with self._changed:
            self.stock.released = max(self.stock.released, min(number, self.stock.last))
            self._changed.notify_all()

    def settle(self, seconds: float, number: int | None = None) -> bool:
        """Whether all up to `number` (None: all) is safe; waits so long for acknowledgements, then writes."""
        stock = self.stock
        until = stock.last if number is None else min(number, stock.last)
        self.wait_for(lambda: stock.safe >= min(until, stock.released), seconds)
        return stock.safe >= until or (self._write(until) and stock.safe >= until)

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
        stock = self.stock
        taken: list[Block] = []
        if stock.given < stock.spilled:
            with self._disk:
                until = min(stock.spilled, stock.released)
                taken = self._segments.read(stock.given, until, min(size, BYTES))
                with self._changed:
                    stock.took(taken, until)
                    self._changed.notify_all()
        if not taken:
            with self._changed:
                taken = stock.take(records, size)
        if taken:
            self._note()
        return taken

    def acknowledge(self) -> None:
        """All that was taken is done with."""
        with self._changed:
            self.stock.acknowledge()
            self._changed.notify_all()
        self._note()
        with self._disk:
            try:
                self._segments.forget(self.stock.acknowledged)
            except OSError as error:
                self._failed(error)

    def tend(self) -> None:
        """Writes what has waited for too long, or takes too much memory."""
        after = self._settings.write_after
        if after is None:
            return
        now = time.monotonic()
        with self._changed:
            unwritten = self.stock.unwritten
            late = bool(unwritten) and now - unwritten.since >= after
            needed = late or unwritten.size >= self._memory or self.stock.waiting.size >= self._memory
        if needed and now >= self._retry:
            self._write(self.stock.last)

    def _write(self, until: int) -> bool:
        """Puts on the disk what is numbered up to `until` and is not there."""
        with self._disk:
            with self._changed:
                pending = [block for block in self.stock.unwritten if block.last <= until]
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
                self.stock.write(pending[-1].last if pending else 0, self._memory)
                self._changed.notify_all()
        return True

    def _drop(self, size: int) -> None:
        """Makes room for so many bytes on the disk."""
        while self._segments.size and self._segments.size + size > self._size:
            with self._changed:
                before = self._segments.waiting(self.stock.given)
                dropped = self._segments.drop_oldest()
                if dropped is None:
                    return
                self.stock.dropped_on_disk(dropped[1], before - self._segments.waiting(self.stock.given))
                self._changed.notify_all()

    def _failed(self, error: OSError) -> None:
        self.errors += 1
        self._retry = time.monotonic() + _AGAIN
        trouble = f"the spool cannot be written: {error.strerror}"
        if trouble != self.trouble:
            self._say(f"{self._files.directory}: {trouble}; records wait in memory as long as there is room")
        self.trouble = trouble

    def _note(self) -> None:
        try:
            self._files.note.write(Note(self.origin, self.stock.acknowledged, self.stock.given))
        except OSError as error:
            self._failed(error)

    def close(self) -> tuple[int, int]:
        """Writes what is not done with, and lets go of the files; gives how many records are left on the disk, and how many
        are lost since it did not take them."""
        self._write(self.stock.last)
        with self._disk, self._changed:
            self._closed = True
            self._note()
            left = self._segments.waiting(self.stock.acknowledged)
            if not left:
                with suppress(OSError):  # what is left of it is known to be done with
                    self._segments.clear()
            self._files.close()
            self._changed.notify_all()
        return left, self.stock.unwritten.records
