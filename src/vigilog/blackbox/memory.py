"""Rings in memory: one deque for each session, and a bound over all of them.

Adding a message is one append. What messages need is counted for several at once, and evicting is done then, so a ring holds for a moment
a few more than it may. A session that is below its fair share of the whole never loses a message to another one.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Collection
from itertools import islice

from vigilog.blackbox.entry import Entry, rendered, size
from vigilog.blackbox.ring import Kept
from vigilog.blackbox.stamp import stamp
from vigilog.parse.forensics import Message

SESSION = 2048
"""Bytes that a session needs before it has a message, about: its objects, its facts, an empty ring."""
_STEP = 32
_LONG = 2048
_WAIT = 0.2


class MemoryPool:
    """What the rings of one box may hold together: `total` bytes, sessions' own needs included."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.used = 0
        self.lock = threading.Lock()
        self._rings: dict[int, MemoryRing] = {}
        self._turn: deque[int] = deque()

    def __len__(self) -> int:
        return len(self._rings)

    def enter(self, ring: MemoryRing) -> None:
        """`ring` counts from now on."""
        locked = self.lock.acquire(timeout=_WAIT)
        try:
            self._rings[id(ring)] = ring
            self._turn.append(id(ring))
            self.used += SESSION
            if self.used > self.total:
                self._make_room(ring)
        finally:
            if locked:
                self.lock.release()

    def leave(self, ring: MemoryRing, held: int) -> None:
        """`ring`, which held `held` bytes, counts no longer."""
        if self._rings.pop(id(ring), None):
            self.used -= SESSION + held

    def charge(self, ring: MemoryRing, more: int) -> None:
        """`ring` needs `more` bytes (fewer if negative). The lock is held."""
        self.used += more
        if self.used > self.total:
            self._make_room(ring)

    def share(self) -> int:
        """Bytes of messages that each session may always hold."""
        return max(0, self.total // max(1, len(self._rings)) - SESSION)

    def after_fork(self) -> None:
        """In the child: whoever held the lock is not here."""
        self.lock = threading.Lock()

    def _make_room(self, asker: MemoryRing) -> None:
        share = self.share()
        if asker.used > share:
            self.used -= asker.shrink(share)
        for _ in range(len(self._turn)):
            if self.used <= self.total:
                return
            ring = self._rings.get(self._turn[0])
            if ring is None:
                self._turn.popleft()
                continue
            self._turn.rotate(-1)
            if ring.used > share:
                self.used -= ring.shrink(share)


class MemoryRing:
    """The ring of one session: the last `messages` messages, and at most about `limit` bytes of them."""

    __slots__ = (
        "_append",
        "_batches",
        "_capture",
        "_entries",
        "_evicted",
        "_left",
        "_limit",
        "_messages",
        "_pool",
        "_settled",
        "used",
    )

    def __init__(self, pool: MemoryPool, *, messages: int, limit: int, capture: Collection[str]) -> None:
        self._pool = pool
        self._messages = messages
        self._limit = limit
        self._capture = capture
        self._entries: deque[Entry] = deque()
        self._append = self._entries.append
        self._batches: deque[tuple[int, int]] = deque()
        self._settled = 0
        self._evicted = 0
        self._left = 1
        self.used = 0
        pool.enter(self)

    def add(self, entry: Entry) -> None:
        self._append(entry)
        self._left = left = self._left - 1
        if left <= 0:
            self._settle()

    def keep(self, log_type: str, level: int, text: bytes, moment: float | None = None, pid: int | None = None) -> None:
        if log_type not in self._capture:
            return
        self._append((_as_is, log_type, level, moment, pid, text, ()))
        self._left = left = self._left - 1
        if left <= 0 or len(text) > _LONG:
            self._settle()

    def take(self) -> Kept:
        entries = list(self._entries.copy())
        over = max(0, len(entries) - self._messages)
        messages = [message for message in map(rendered, entries[over:]) if message is not None]
        return Kept(messages, self._evicted + over, 0, (len(entries), self._evicted))

    def written(self, kept: Kept) -> None:
        count, evicted_then = kept.mark  # type: ignore[misc]
        locked = self._pool.lock.acquire(timeout=_WAIT)
        try:
            self._measure()
            gone = self._evicted - evicted_then
            for _ in range(count - gone):
                if self._entries:
                    self._entries.popleft()
            self._evicted = max(0, gone - count)
            self._batches.clear()
            left = list(self._entries.copy())
            used = size(left)
            self._settled = len(left)
            if left:
                self._batches.append((len(left), used))
            self._pool.used += used - self.used
            self.used = used
        finally:
            if locked:
                self._pool.lock.release()

    def close(self) -> None:
        locked = self._pool.lock.acquire(timeout=_WAIT)
        try:
            self._pool.leave(self, self.used)
            self._entries.clear()
            self._batches.clear()
            self.used = self._settled = 0
        finally:
            if locked:
                self._pool.lock.release()

    def shrink(self, to: int) -> int:
        """Evicts the oldest until at most `to` bytes are held; gives the bytes that became free. The pool's lock is held."""
        before = self.used
        while self.used > to and self._batches:
            self._evict_batch() if len(self._batches) > 1 else self._evict_one()
        return before - self.used

    def _settle(self) -> None:
        # Whoever comes while another thread (or what a signal interrupted) is at it leaves it to the next message.
        if not self._pool.lock.acquire(blocking=False):
            self._left = 1
            return
        try:
            before = self.used
            self._measure()
            while len(self._batches) > 1 and self._settled - self._batches[0][0] >= self._messages:
                self._evict_batch()
            self.shrink(self._limit)
            self._pool.charge(self, self.used - before)
            self._left = max(1, min(_STEP, self._messages, self._pool.share() >> 12))
        finally:
            self._pool.lock.release()

    def _measure(self) -> None:
        """Counts what came since the last time."""
        entries = self._entries
        count = len(entries) - self._settled
        if count > 0:
            new = list(islice(reversed(entries), count))
            needed = size(new)
            self._batches.append((count, needed))
            self._settled += count
            self.used += needed

    def _evict_batch(self) -> None:
        count, needed = self._batches.popleft()
        for _ in range(count):
            self._entries.popleft()
        self._gone(count, needed)

    def _evict_one(self) -> None:
        count, needed = self._batches.popleft()
        oldest = size([self._entries.popleft()])
        if count > 1:
            self._batches.append((count - 1, needed - oldest))
        self._gone(1, oldest if count > 1 else needed)

    def _gone(self, count: int, needed: int) -> None:
        self._settled -= count
        self._evicted += count
        self.used -= needed


def _as_is(entry: Entry) -> Message:
    _, log_type, level, moment, pid, text, _ = entry
    return Message(log_type, level, text if moment is None else b"%b %b" % (stamp(moment), text), pid)
