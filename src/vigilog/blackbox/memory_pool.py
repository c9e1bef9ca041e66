"""The bound over all rings in memory: when they need too much together, those give that have more than their fair share."""

from __future__ import annotations

import threading
from collections import deque
from typing import Protocol

SESSION = 3072
"""Bytes that a session needs before it has a message, about: its objects, its facts, an empty ring."""
_WAIT = 0.2
_SPARE = 16


class Holder(Protocol):
    """What the pool asks of a session's ring."""

    @property
    def held(self) -> int:
        """Bytes that it is charged for."""

    def shrink(self, to: int) -> int:
        """Evicts the oldest until at most `to` bytes are held; how many became free."""


class MemoryPool:
    """What the rings of one box may hold together: `total` bytes, the sessions' own needs included.

    There is no room for messages where the sessions' own needs are more than that: then each keeps a few hundred bytes.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.used = 0
        self.lock = threading.Lock()
        self._rings: dict[int, Holder] = {}
        self._turn: deque[int] = deque()

    def __len__(self) -> int:
        return len(self._rings)

    def enter(self, ring: Holder) -> None:
        """`ring` counts from now on. The lock is held."""
        self._rings[id(ring)] = ring
        self._turn.append(id(ring))
        self.charge(ring, SESSION + ring.held)

    def leave(self, ring: Holder) -> None:
        """`ring` counts no longer. The lock is held."""
        if self._rings.pop(id(ring), None):
            self.used -= SESSION + ring.held
        if len(self._turn) > 2 * len(self._rings) + _SPARE:
            self._turn = deque(self._rings)

    def charge(self, ring: Holder, more: int) -> None:
        """`ring` needs `more` bytes (fewer if negative); if that is too much, somebody gives. The lock is held."""
        self.used += more
        if self.used > self.total:
            self._make_room(ring)

    def after_fork(self) -> None:
        """In the child: whichever thread held the lock is not here."""
        self.lock = threading.Lock()

    def share(self) -> int:
        """Bytes of messages that a session may always hold."""
        return max(0, self.total // max(1, len(self._rings)) - SESSION)

    def _make_room(self, asker: Holder) -> None:
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


class Held:
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
