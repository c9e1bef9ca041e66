"""Rings in memory: one for each session, and a bound over all of them.

A message costs two appends and a subtraction. A ring is given credit, in bytes, and what it holds is looked at when that is
used up: then the oldest messages go, if there are too many. Credit counts as if it were used, so the bound over all holds at
any time. A session that has no more than its fair share of the whole never loses a message to another one.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Collection
from itertools import islice

from vigilog.blackbox.entry import OVERHEAD, Entry, rendered
from vigilog.blackbox.ring import Kept
from vigilog.blackbox.stamp import stamp
from vigilog.parse.forensics import Message

SESSION = 3072
"""Bytes that a session needs before it has a message, about: its objects, its facts, an empty ring."""
CREDIT = 8192
"""Bytes that a ring takes at most before it is looked at."""
_LEAST = 256
_WAIT = 0.2


class MemoryPool:
    """What the rings of one box may hold together: `total` bytes, the sessions' own needs included.

    There is no room for messages where the sessions' own needs are more than that: then each keeps a few hundred bytes.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.used = 0
        self.lock = threading.Lock()
        self._rings: dict[int, MemoryRing] = {}
        self._turn: deque[int] = deque()

    def __len__(self) -> int:
        return len(self._rings)

    def enter(self, ring: MemoryRing) -> None:
        """`ring` counts from now on. The lock is held."""
        self._rings[id(ring)] = ring
        self._turn.append(id(ring))
        self.charge(ring, SESSION + ring.held)

    def leave(self, ring: MemoryRing) -> None:
        """`ring` counts no longer. The lock is held."""
        if self._rings.pop(id(ring), None):
            self.used -= SESSION + ring.held

    def charge(self, ring: MemoryRing, more: int) -> None:
        """`ring` needs `more` bytes (fewer if negative); if that is too much, somebody gives. The lock is held."""
        self.used += more
        if self.used > self.total:
            self._make_room(ring)

    def share(self) -> int:
        """Bytes of messages that a session may always hold."""
        return max(0, self.total // max(1, len(self._rings)) - SESSION)

    def _make_room(self, asker: MemoryRing) -> None:
        share = self.share()
        if asker.held > share:
            self.used -= asker.shrink(share)
        for _ in range(len(self._turn)):
            if self.used <= self.total:
                return
            ring = self._rings.get(self._turn[0])
            if ring is None:
                self._turn.popleft()
                continue
            self._turn.rotate(-1)
            if ring.held > share:
                self.used -= ring.shrink(share)


class MemoryRing:
    """The ring of one session: the last `messages` messages, and at most about `limit` bytes of them."""

    __slots__ = (
        "_append",
        "_capture",
        "_counted",
        "_credit",
        "_entries",
        "_evicted",
        "_left",
        "_limit",
        "_messages",
        "_pool",
        "_sizes",
        "_used",
        "_weigh",
    )

    def __init__(self, pool: MemoryPool, *, messages: int, limit: int, capture: Collection[str]) -> None:
        self._pool = pool
        self._messages = messages
        self._limit = limit
        self._capture = capture
        self._entries: deque[Entry] = deque()
        self._sizes: deque[int] = deque()
        self._append = self._entries.append
        self._weigh = self._sizes.append
        self._used = self._counted = self._evicted = self._credit = self._left = 0
        with _Held(pool):
            pool.enter(self)

    @property
    def held(self) -> int:
        """Bytes that are charged for messages, credit included."""
        return self._used + self._credit

    def later(self, entry: Entry, size: int) -> None:
        self._append(entry)
        self._weigh(size)
        self._left = left = self._left - size
        if left < 0:
            self._settle()

    def keep(self, log_type: str, level: int, text: bytes, moment: float | None = None, pid: int | None = None) -> None:
        if log_type in self._capture:
            self.later((_as_is, log_type, level, moment, pid, text), OVERHEAD + len(text))

    def take(self) -> Kept:
        entries = self._entries.copy()
        over = max(0, len(entries) - self._messages)
        messages = [message for message in map(rendered, islice(entries, over, None)) if message is not None]
        return Kept(messages, self._evicted + over, 0, (len(entries), self._evicted))

    def written(self, kept: Kept) -> None:
        count, evicted_then = kept.mark
        with _Held(self._pool):
            self._count()
            evicted_since = self._evicted - evicted_then
            before = self.held
            self._drop(count - evicted_since)
            self._evicted = max(0, evicted_since - count)
            self._pool.charge(self, self.held - before)

    def close(self) -> None:
        with _Held(self._pool):
            self._pool.leave(self)
            self._drop(len(self._sizes))
            self._credit = self._left = 0

    def shrink(self, to: int) -> int:
        """Evicts the oldest until at most `to` bytes are held, credit included; how many became free. The lock is held."""
        before = self.held
        self._evict(max(0, to - self._credit))
        return before - self.held

    def _settle(self) -> None:
        # Whoever comes while another thread is at it, or what a signal interrupted, leaves it to the next message.
        pool = self._pool
        if not pool.lock.acquire(blocking=False):
            return
        try:
            before = self.held
            self._count()
            self._evict(self._limit)
            self._credit = self._left = max(_LEAST, min(CREDIT, self._limit >> 3, pool.share() >> 3))
            pool.charge(self, self.held - before)
        finally:
            pool.lock.release()

    def _count(self) -> None:
        """Adds up what came since the last time."""
        new = len(self._sizes) - self._counted
        if new > 0:
            self._used += sum(islice(reversed(self._sizes), new))
            self._counted += new

    def _evict(self, limit: int) -> None:
        before = self._counted
        while self._counted > 0 and (self._counted > self._messages or self._used > limit):
            self._drop(1)
        self._evicted += before - self._counted

    def _drop(self, count: int) -> None:
        for _ in range(min(count, len(self._sizes), len(self._entries))):
            self._entries.popleft()
            self._used -= self._sizes.popleft()
            self._counted -= 1


class _Held:
    """The pool's lock, while this lasts. A signal handler may find it held by what it interrupted: it goes on without."""

    __slots__ = ("_lock", "_locked")

    def __init__(self, pool: MemoryPool) -> None:
        self._lock = pool.lock
        self._locked = False

    def __enter__(self) -> None:
        self._locked = self._lock.acquire(timeout=_WAIT)

    def __exit__(self, *_: object) -> None:
        if self._locked:
            self._lock.release()


def _as_is(entry: Entry) -> Message:
    _, log_type, level, moment, pid, text = entry
    return Message(log_type, level, text if moment is None else b"%b %b" % (stamp(moment), text), pid)
