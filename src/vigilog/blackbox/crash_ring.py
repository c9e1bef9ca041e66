"""The ring of one session in the process's ring file: what was kept is there, however the process dies.

A message is written by whichever thread brings it, without a lock: its place is reserved by a few assignments between which the
interpreter calls nothing, and so neither changes the thread nor calls a signal handler. The checksum is written last.
"""

from __future__ import annotations

import mmap
import time
from collections import deque
from collections.abc import Sequence
from zlib import crc32

from vigilog.blackbox.crash_pool import CrashPool, Page
from vigilog.blackbox.entry import Entry, rendered
from vigilog.blackbox.facts import COUNTERS, Facts
from vigilog.blackbox.layout import (
    FRAGMENT,
    HEAD,
    IDENTITY,
    OVER,
    PAGE,
    PART,
    PID,
    RECORD,
    RECORDS,
    SLOT,
    SLOTS,
    STAMPED,
    WITH_PID,
    PageHeader,
    seed_of,
    slot,
)
from vigilog.blackbox.reading import Contents, Record, contents
from vigilog.blackbox.ring import Kept
from vigilog.blackbox.voice import Voice
from vigilog.blackbox.writing import parts_of, put_record

LONGEST = 65536
"""Bytes of a message that are kept in a file; what is longer is cut and ends in `....`, as ProFTPD's own do."""
_ROUND = RECORD.size + 7
_TRIES = 3
_PAUSE = 0.001
_pack = RECORD.pack_into


class CrashRing:
    """The ring of the session `session`, whose header says `facts`."""

    __slots__ = (
        "__weakref__", "_at", "_base", "_clock", "_dropped", "_facts", "_generation", "_kinds", "_known", "_limit", "_map",
        "_over", "_pool", "_redact", "_seed", "_session", "_voice", "deferred", "number", "pages", "stamped",
    )  # fmt: skip

    def __init__(self, pool: CrashPool, session: int, facts: Facts, voice: Voice) -> None:
        self._pool = pool
        self._session = session
        self._facts = facts
        self._voice = voice
        self._kinds = voice.kinds
        self._clock = voice.clock
        self._redact = voice.redact
        self._map: mmap.mmap | None = None
        self._at = self._limit = self._seed = self._base = self._dropped = self._generation = 0
        self._over = False
        self._known = b""
        self.deferred = False
        self.stamped = voice.stamped
        self.number = 0
        self.pages: deque[Page] = deque()
        try:
            with pool.lock:
                pool.enter(self)
                self._fresh()
        except Exception as error:  # noqa: BLE001 - the host began a session, and must not hear of this
            pool.fault(error)
        facts.watched(self.changed)

    def later(self, entry: Entry, size: int) -> None:  # noqa: ARG002 - memory counts it, pages count for themselves
        message = rendered(entry)
        if message is not None:
            self.keep(message.log_type, message.level, message.text, None, message.pid)

    def many(self, entries: Sequence[Entry], size: int) -> None:
        for entry in entries:
            self.later(entry, size)

    def keep(self, log_type: str, level: int, text: bytes, moment: float | None = None, pid: int | None = None) -> None:
        kind = self._kinds.get(log_type)
        if kind is None:
            return
        try:
            if self._redact is not None:
                text = self._redact(text)
            if moment is None:
                moment = self._clock()
            else:
                kind |= STAMPED
            if pid is not None:
                kind |= WITH_PID
                text = PID.pack(pid) + text
            if not 0 <= level < 256:
                level = 0 if level < 0 else 255
        except Exception as error:  # noqa: BLE001 - a host's log call must not fail for what is kept of it
            self._pool.fault(error)
        else:
            self.put(moment, kind, level, text)

    def put(self, moment: float, kind: int, level: int, text: bytes) -> None:
        """Keeps a message that needs nothing more: `kind` is of `stamped` (the time is put before the text) and `level` below
        256."""
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

    def changed(self, name: str) -> None:
        """The fact `name` is another now."""
        try:
            with self._pool.lock:
                if name in COUNTERS:
                    self._count()
                elif not self._over:
                    self._known = self._voice.identity(self._facts)
                    self._put(self._clock(), IDENTITY, 0, self._known)
        except Exception as error:  # noqa: BLE001 - as above
            self._pool.fault(error)

    def take(self) -> Kept:
        with self._pool.lock:
            # Sealed: what comes now goes to a page of its own.
            self._at = self._limit = 0
            pages, number, dropped = list(self.pages), self.number, self._dropped
            if not pages:
                return Kept([], dropped, 0, (0, number, dropped))
            found = self._contents(pages, number)
            for _ in range(_TRIES):
                if not found.damaged:
                    break
                # Another thread has reserved a place and is about to write there.
                time.sleep(_PAUSE)
                found = self._contents(pages, number)
        over = max(0, len(found.messages) - self._voice.messages)
        order = pages[-1].header.order
        return Kept(found.messages[over:], found.evicted + over + dropped, found.damaged, (order, number, dropped))

    def written(self, kept: Kept) -> None:
        order, number, dropped = kept.mark
        with self._pool.lock:
            file = self._pool.file
            self._base = number
            self._dropped -= dropped
            fresh = self._fresh()
            while file is not None and self.pages and self.pages[0].header.order <= order:
                file.give(self.pages.popleft().place)
            if not fresh:
                self._fresh()

    def close(self) -> None:
        with self._pool.lock:
            self._over = True
            self._facts.watched(None)
            self._pool.leave(self)
            self._at = self._limit = 0
            file = self._pool.file
            if file is not None and self.pages:
                # The newest goes last: without it the others would count.
                file.mark(self.pages[-1].place, OVER)
                for page in self.pages:
                    file.give(page.place)
                file.seen(self._clock())
            self.pages.clear()

    def reset(self) -> None:
        self._at = self._limit = 0
        self._map = None
        self._base = self.number
        self.pages.clear()

    def _contents(self, pages: list[Page], number: int) -> Contents:
        assert self._map is not None
        assert self._pool.file is not None
        places = [HEAD + page.place * PAGE for page in pages]
        data = [(page.header, self._map[at : at + PAGE]) for page, at in zip(pages, places, strict=True)]
        return contents(data, self._pool.file.secret, number)

    def _turn(self, moment: float, kind: int, level: int, text: bytes) -> None:
        """Keeps a message that found no room in the page."""
        with self._pool.lock:
            if self._over:
                return
            if not self._put(moment, kind, level, text) and not self._long(moment, kind, level, text):
                self._dropped += 1

    def _put(self, moment: float, kind: int, level: int, payload: bytes) -> bool:
        """Writes a record, in a new page if need be; False if it is too long for one or there is none. The lock is held."""
        size = len(payload) + _ROUND & -8
        if self._at + size > self._limit:
            if size > PAGE - RECORDS - _ROUND or not self._fresh():
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
        """Writes a message in parts, each in a page of its own, cut to what one message may fill. The lock is held."""
        if not self._fresh():
            return False
        room = self._limit - self._at - RECORD.size - FRAGMENT.size - 7
        longest = min(LONGEST, room * self._pool.longest)
        for index, part in enumerate(parts_of(text, room, longest, self.number)):
            if index and not self._fresh():
                return False
            if not self._put(moment, kind | PART, level, part):
                return False
        self.number += 1
        return True

    def _fresh(self) -> bool:
        """Takes a new page, which begins with what is known about the session. The lock is held."""
        # The page so far takes nothing any more, so that messages do not go on being numbered meanwhile.
        self._at = self._limit = 0
        taken = None if self._over else self._pool.take(self)
        if taken is None:
            return False
        file, index, order = taken
        now = self._clock()
        began = self._facts.began
        header = PageHeader(self._session, order, self.number + 1, self._base, now if began is None else began)
        file.begin(index, header)
        into, seed, start = file.map, seed_of(file.secret, order), HEAD + index * PAGE
        self._known = known = self._known or self._voice.identity(self._facts)
        at = put_record(into, start + RECORDS, seed, Record(now, IDENTITY, 0, known))
        self.pages.append(Page(index, header))
        self._count(into)
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

    def _count(self, into: mmap.mmap | None = None) -> None:
        """Writes the counters into the newest page."""
        into = into or self._map
        if into is None or not self.pages:
            return
        self._generation = generation = self._generation + 1
        data = slot(self._voice.counters(self._facts), generation)
        at = HEAD + self.pages[-1].place * PAGE + SLOTS + (generation & 1) * SLOT.size
        into[at : at + SLOT.size] = data
