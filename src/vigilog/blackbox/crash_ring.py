"""The ring of one session in the process's ring file: what was kept is there, however the process dies."""

from __future__ import annotations

from collections.abc import Sequence

from vigilog.blackbox.crash_pool import CrashPool
from vigilog.blackbox.entry import Entry, rendered
from vigilog.blackbox.facts import COUNTERS, Facts
from vigilog.blackbox.layout import PID, STAMPED, WITH_PID
from vigilog.blackbox.live_pages import live_contents
from vigilog.blackbox.page_writer import PageWriter
from vigilog.blackbox.ring import Kept
from vigilog.blackbox.stored_facts import StoredFacts
from vigilog.blackbox.voice import Voice


class CrashRing:
    """The ring of the session `session`, whose header says `facts`. `put` and `stamped` are for those who have no time to call
    `keep`, and do themselves what it does: `put(moment, kind, level, text)` with a kind of `stamped`."""

    __slots__ = ("_clock", "_facts", "_kinds", "_messages", "_pool", "_redact", "_writer", "deferred", "put", "stamped")

    def __init__(self, pool: CrashPool, session: int, facts: Facts, voice: Voice) -> None:
        self._pool = pool
        self._facts = facts
        self._messages = voice.messages
        self._kinds = voice.kinds
        self._clock = voice.clock
        self._redact = voice.redact
        self._writer = PageWriter(pool, session, StoredFacts(facts, voice), voice.clock)
        self.put = self._writer.put
        self.deferred = False
        self.stamped = voice.stamped
        try:
            with pool.lock:
                pool.enter(self._writer)
                self._writer.turn_page()
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

    def changed(self, name: str) -> None:
        """The fact `name` is another now."""
        try:
            with self._pool.lock:
                if name in COUNTERS:
                    self._writer.count()
                else:
                    self._writer.describe()
        except Exception as error:  # noqa: BLE001 - as above
            self._pool.fault(error)

    def take(self) -> Kept:
        writer = self._writer
        with self._pool.lock:
            # What comes now goes to a page of its own.
            writer.seal()
            file, pages, number, dropped = self._pool.file, list(writer.pages), writer.number, writer.dropped
            if file is None or not pages:
                return Kept([], dropped, 0, (0, number, dropped))
            found = live_contents(file, pages, number)
        over = max(0, len(found.messages) - self._messages)
        order = pages[-1].header.order
        return Kept(found.messages[over:], found.evicted + over + dropped, found.damaged, (order, number, dropped))

    def written(self, kept: Kept) -> None:
        order, number, dropped = kept.mark
        writer = self._writer
        with self._pool.lock:
            file = self._pool.file
            writer.base = number
            writer.dropped -= dropped
            fresh = writer.turn_page()
            while file is not None and writer.pages and writer.pages[0].header.order <= order:
                file.give(writer.pages.popleft().place)
            if not fresh:
                writer.turn_page()

    def close(self) -> None:
        with self._pool.lock:
            self._facts.watched(None)
            self._pool.leave(self._writer)
            self._writer.close()
