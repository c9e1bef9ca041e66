"""Writes the messages of one session into its pages of the process's ring file.

A message is written by whichever thread brings it, without a lock: its place is reserved by a few assignments between which the
interpreter calls nothing, and so neither changes the thread nor calls a signal handler. The checksum is written last.
"""

from __future__ import annotations

import mmap
from collections import deque
from collections.abc import Callable
from zlib import crc32

from vigilog.blackbox.crash_pool import CrashPool, Page
from vigilog.blackbox.layout import FRAGMENT, HEAD, IDENTITY, OVER, PAGE, PART, RECORD, RECORDS, PageHeader, seed_of
from vigilog.blackbox.reading import Record
from vigilog.blackbox.stored_facts import StoredFacts
from vigilog.blackbox.writing import parts_of, put_record

LONGEST = 65536
"""Bytes of a message that are kept in a file; what is longer is cut and ends in `....`, as ProFTPD's own do."""
_ROUND = RECORD.size + 7
_pack = RECORD.pack_into


class PageWriter:
    """The pages of the session `session`, oldest first, and the place in the newest where the next message goes.

    `number` is that of the newest message (from 1), `base` that of the newest one that is in a block already; `dropped` found
    no room. All but `put` are called with the pool's lock held.
    """

    __slots__ = (
        "__weakref__", "_at", "_clock", "_limit", "_map", "_over", "_pool", "_seed", "_session", "_stored", "base", "dropped",
        "number", "pages",
    )  # fmt: skip

    def __init__(self, pool: CrashPool, session: int, stored: StoredFacts, clock: Callable[[], float]) -> None:
        self._pool = pool
        self._session = session
        self._stored = stored
        self._clock = clock
        self._map: mmap.mmap | None = None
        self._at = self._limit = self._seed = self.base = self.dropped = self.number = 0
        self._over = False
        self.pages: deque[Page] = deque()

    def put(self, moment: float, kind: int, level: int, text: bytes) -> None:
        """Keeps a message that needs nothing more: `kind` is a log type's, and `level` below 256. Never raises an Exception."""
        try:
            length = len(text)
            # From here to the next call nothing is called: nobody comes in between.
            at = self._at
            self._at = end = at + (length + _ROUND & -8)
            if end <= self._limit:
                self.number += 1
                seed = self._seed
                into: mmap.mmap = self._map  # type: ignore[assignment] # there is one wherever there is room
                into[at + 16 : at + 16 + length] = text
                _pack(into, at, moment, length, kind, level, crc32(text, seed ^ (length << 16 | kind << 8 | level)))
            else:
                self._turn(moment, kind, level, text)
        except Exception as error:  # noqa: BLE001 - a host's log call must not fail for what is kept of it
            self._pool.fault(error)

    def describe(self) -> None:
        """Writes what is known about the session now."""
        if not self._over:
            self._record(self._clock(), IDENTITY, 0, self._stored.changed())

    def count(self) -> None:
        """Writes the session's counters as they are now."""
        if self._map is not None and self.pages:
            self._stored.count(self._map, HEAD + self.pages[-1].place * PAGE)

    def seal(self) -> None:
        """The newest page takes nothing any more."""
        self._at = self._limit = 0

    def turn_page(self) -> bool:
        """Takes a new page, which begins with what is known about the session; False if there is none."""
        # Sealed first, so that messages do not go on being numbered meanwhile.
        self.seal()
        taken = None if self._over else self._pool.take(self)
        if taken is None:
            return False
        file, index, order = taken
        now = self._clock()
        header = PageHeader(self._session, order, self.number + 1, self.base, self._stored.began(now))
        file.begin(index, header)
        into, seed, start = file.map, seed_of(file.secret, order), HEAD + index * PAGE
        at = put_record(into, start + RECORDS, seed, Record(now, IDENTITY, 0, self._stored.identity()))
        self.pages.append(Page(index, header))
        self._stored.count(into, start)
        file.open(index)
        file.seen(now)
        # One assignment after the other, nothing called between them.
        end = start + PAGE
        self._map = into
        self._seed = seed
        self._limit = end
        self._at = at
        self._pool.settle(self)
        return True

    def close(self) -> None:
        """The session is over: its pages are given back."""
        self._over = True
        self.seal()
        file = self._pool.file
        if file is not None and self.pages:
            # The newest goes last: without it the others would count.
            file.mark(self.pages[-1].place, OVER)
            for page in self.pages:
                file.give(page.place)
            file.seen(self._clock())
        self.pages.clear()

    def reset(self) -> None:
        """Forgets the pages: they are another process's."""
        self.seal()
        self._map = None
        self.base = self.number
        self.pages.clear()

    def _turn(self, moment: float, kind: int, level: int, text: bytes) -> None:
        """Keeps a message that found no room in the page."""
        with self._pool.lock:
            if self._over:
                return
            if not self._record(moment, kind, level, text) and not self._long(moment, kind, level, text):
                self.dropped += 1

    def _record(self, moment: float, kind: int, level: int, payload: bytes) -> bool:
        """Writes a record, in a new page if need be; False if it is too long for one or there is none."""
        size = len(payload) + _ROUND & -8
        if self._at + size > self._limit:
            if size > PAGE - RECORDS - _ROUND or not self.turn_page():
                return False
            if kind & IDENTITY:
                # The new page begins with it.
                return True
        at = self._at
        self._at = end = at + size
        if end > self._limit:
            return False
        self.number += 0 if kind & (IDENTITY | PART) else 1
        seed, into = self._seed, self._map
        assert into is not None
        put_record(into, at, seed, Record(moment, kind, level, payload))
        return True

    def _long(self, moment: float, kind: int, level: int, text: bytes) -> bool:
        """Writes a message in parts, each in a page of its own, cut to what one message may fill."""
        if not self.turn_page():
            return False
        room = self._limit - self._at - RECORD.size - FRAGMENT.size - 7
        longest = min(LONGEST, room * self._pool.longest)
        for index, part in enumerate(parts_of(text, room, longest, self.number)):
            if index and not self.turn_page():
                return False
            if not self._record(moment, kind | PART, level, part):
                return False
        self.number += 1
        return True
