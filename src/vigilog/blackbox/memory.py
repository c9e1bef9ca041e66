"""Rings in memory: one for each session, and a bound over all of them.

A message costs an append and a subtraction. A ring is given credit, in bytes, and what it holds is looked at when that is
used up: then the oldest messages go, if there are too many. Credit counts as if it were used, so the bound over all holds at
any time. A session that has no more than its fair share of the whole never loses a message to another one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from itertools import chain, islice
from typing import NamedTuple

from vigilog.blackbox.entry import OVERHEAD, Entry, rendered
from vigilog.blackbox.memory_pool import Held, MemoryPool
from vigilog.blackbox.ring import Kept
from vigilog.blackbox.stamp import stamp
from vigilog.parse.forensics import Message

CREDIT = 16384
"""Bytes that a ring takes at most before it is looked at."""
_LEAST = 256


class _Batch(NamedTuple):
    """Entries that came one after the other, how many they are, and the bytes that they were charged with."""

    entries: list[Entry]
    number: int
    size: int


class MemoryRing:
    """The ring of one session: the last `messages` messages, and at most about `limit` bytes of them.

    Entries lie in batches, so that nothing has to be done for each of them but to append it and to subtract its size from the
    credit; a batch is closed when that is used up, and evicted whole. Messages beyond the number are left out when they
    are taken. `append`, `left` and `settle` are for those who have no time to call `later`, and do themselves what it does.
    """

    __slots__ = (
        "_batches",
        "_capture",
        "_closed",
        "_count",
        "_credit",
        "_evicted",
        "_limit",
        "_messages",
        "_open",
        "_pool",
        "_used",
        "append",
        "deferred",
        "left",
    )

    def __init__(self, pool: MemoryPool, *, messages: int, limit: int, capture: Collection[str]) -> None:
        self._pool = pool
        self._messages = messages
        self._limit = limit
        self._capture = capture
        self._batches: deque[_Batch] = deque()
        self._open: list[Entry] = []
        self.append = self._open.append
        self._used = self._count = self._evicted = self._credit = self.left = 0
        self._closed = False
        self.deferred = True
        with Held(pool):
            pool.enter(self)

    @property
    def held(self) -> int:
        """Bytes that are charged for messages, credit included."""
        return self._used + self._credit

    def later(self, entry: Entry, size: int) -> None:
        self.append(entry)
        self.left = left = self.left - size
        if left < 0:
            self.settle()

    def many(self, entries: Sequence[Entry], size: int) -> None:
        self._open.extend(entries)
        self.left = left = self.left - size
        if left < 0:
            self.settle()

    def keep(self, log_type: str, level: int, text: bytes, moment: float | None = None, pid: int | None = None) -> None:
        if log_type in self._capture:
            self.later((_as_is, log_type, level, moment, pid, text), OVERHEAD + len(text))

    def take(self) -> Kept:
        newest = self._open
        batches = [batch.entries for batch in self._batches.copy() if batch.entries is not newest]
        entries = list(chain.from_iterable((*batches, newest.copy())))
        over = max(0, len(entries) - self._messages)
        messages = [message for message in map(rendered, islice(entries, over, None)) if message is not None]
        return Kept(messages, self._evicted + over, 0, (len(entries), self._evicted))

    def written(self, kept: Kept) -> None:
        count, evicted_then = kept.mark
        with Held(self._pool):
            if self._closed:
                return
            evicted_since = self._evicted - evicted_then
            before = self.held
            self._drop(count - evicted_since)
            self._evicted = max(0, evicted_since - count)
            self._pool.charge(self, self.held - before)

    def close(self) -> None:
        with Held(self._pool):
            if not self._closed:
                self._closed = True
                self._pool.leave(self)
                self._batches.clear()
                self._open = []
                self._used = self._count = self._credit = self.left = 0

    def shrink(self, to: int) -> int:
        """Evicts the oldest until at most `to` bytes are held, credit included; how many became free. The lock is held."""
        before = self.held
        self._close_batch()
        self._evict_above(to)
        return before - self.held

    def settle(self) -> None:
        """What is left of the credit is below zero: a batch is closed, the oldest go, and there is new credit."""
        # Whoever comes while another thread is at it, or what a signal interrupted, leaves it to the next message.
        pool = self._pool
        if not pool.lock.acquire(blocking=False):
            return
        try:
            if self._closed:  # a straggler: nobody will ever ask for it
                self._open.clear()
                self.append, self.left = self._open.append, 0
                return
            before = self.held
            self._close_batch()
            while self._batches and self._count - self._batches[0].number >= self._messages:
                self._evict()
            self._evict_above(self._limit)
            self._credit = self.left = max(_LEAST, min(CREDIT, self._limit >> 3, pool.share() >> 3))
            pool.charge(self, self.held - before)
        finally:
            pool.lock.release()

    def _close_batch(self) -> None:
        """What came since the last time becomes a batch, and what is left of the credit is given back."""
        entries, size = self._open, self._credit - self.left
        self._open = []
        self.append = self._open.append
        self._credit = self.left = 0
        if entries:
            self._batches.append(_Batch(entries, len(entries), size))
            self._count += len(entries)
            self._used += size

    def _evict_above(self, limit: int) -> None:
        while self._used > limit and len(self._batches) > 1:
            self._evict()
        if self._used > limit and self._batches:
            # The newest batch is not given up whole.
            batch = self._batches[0]
            count = len(batch.entries) - len(batch.entries) * max(0, limit) // batch.size
            self._drop(count)
            self._evicted += count

    def _evict(self) -> None:
        batch = self._batches.popleft()
        self._count -= batch.number
        self._used -= batch.size
        self._evicted += len(batch.entries)

    def _drop(self, count: int) -> None:
        """Forgets the oldest `count`."""
        while self._batches and count >= len(self._batches[0].entries):
            batch = self._batches.popleft()
            self._count -= batch.number
            self._used -= batch.size
            count -= len(batch.entries)
        if count > 0 and self._batches:
            batch = self._batches[0]
            size = batch.size * count // len(batch.entries)
            del batch.entries[:count]
            self._batches[0] = _Batch(batch.entries, len(batch.entries), batch.size - size)
            self._count -= count
            self._used -= size
        elif count > 0:
            del self._open[:count]


def _as_is(entry: Entry) -> Message:
    _, log_type, level, moment, pid, text = entry
    return Message(log_type, level, text if moment is None else b"%b %b" % (stamp(moment), text), pid)
