"""The pages of a process's ring file and which session has how many of them.

A session has at most so many pages as its bytes and messages need. When pages are short, whoever has more than its fair share
gives its oldest; while there are more pages than sessions, each has one at least. A few are held back, so that a session has
its new page before it gives an old one: what was acknowledged last is in the file at any moment.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

from vigilog.blackbox.layout import PAGE, PageHeader
from vigilog.blackbox.ring_file import RingFile

RESERVE = 8
"""Pages that are held back."""
_AGAIN = 10.0


class Page(NamedTuple):
    """A page that a session has: its place in the file, and what its header says."""

    place: int
    header: PageHeader


class Holder(Protocol):
    """What the pool asks of a session's ring."""

    pages: deque[Page]
    number: int

    def reset(self) -> None:
        """Forgets its pages: they are another process's."""


class CrashPool:
    """The ring file of this process, and of each of its children one of their own. `make` makes the file: OSError if it cannot.

    `total` bytes of pages are shared by all sessions; one has at most `limit` bytes and `messages` messages (and what is in the
    same page as the oldest of them).
    """

    def __init__(
        self, make: Callable[[int], RingFile], notice: Callable[[str], None], *, total: int, limit: int, messages: int
    ) -> None:
        self.lock = threading.RLock()
        self._make = make
        self._notice = notice
        self._pages = max(2 * RESERVE, total // PAGE)
        self._limit = max(2, limit // PAGE)
        self._messages = messages
        self._rings: dict[int, Holder] = {}
        self._turn: deque[int] = deque()
        self._order = 0
        self._again = 0.0
        self.file: RingFile | None = make(self._pages)

    def enter(self, ring: Holder) -> None:
        """`ring` may have pages from now on."""
        self._rings[id(ring)] = ring
        self._turn.append(id(ring))

    def leave(self, ring: Holder) -> None:
        """`ring` has none any more."""
        self._rings.pop(id(ring), None)
        if len(self._turn) > 2 * len(self._rings) + RESERVE:
            self._turn = deque(self._rings)

    @property
    def share(self) -> int:
        """Pages that a session may always have."""
        return max(1, (self._pages - RESERVE) // max(1, len(self._rings)))

    @property
    def longest(self) -> int:
        """Pages that one message may fill."""
        return max(1, min(self._limit // 2, self.share))

    def take(self, ring: Holder) -> tuple[RingFile, int, int] | None:
        """A page for `ring`: the file, the page's place, its order. None if there is none to be had. The lock is held."""
        file = self.here()
        if file is None:
            return None
        index = file.take()
        if index is None and self._give(ring, file):
            index = file.take()
        if index is None:
            self._notice(f"{file.path}: no room for another page; messages that find none are only counted")
            return None
        self._order = order = self._order + 1
        return file, index, order

    def settle(self, ring: Holder) -> None:
        """`ring` has one page more: it or another gives what is too much. The lock is held."""
        file, pages = self.file, ring.pages
        if file is None:
            return
        while len(pages) > 1 and (len(pages) > self._limit or ring.number - pages[1].header.first + 1 >= self._messages):
            file.give(pages.popleft().place)
        if file.spare < RESERVE:
            self._give(ring, file)

    def here(self) -> RingFile | None:
        """The file of this process, made if need be; None if that does not work. The lock is held."""
        if self.file is None and time.monotonic() >= self._again:
            try:
                self.file = self._make(self._pages)
            except OSError as error:
                self._again = time.monotonic() + _AGAIN
                self._notice(f"no ring file for process {os.getpid()}: {error.strerror}: {error.filename}")
        return self.file

    def fault(self, error: Exception) -> None:
        """Something went wrong that the host must not notice."""
        self._notice(f"a message was not kept: {type(error).__name__}: {error}")

    def close(self) -> None:
        """A normal end: the file goes."""
        with self.lock:
            if self.file is not None:
                self.file.close(remove=True)
                self.file = None
            self._again = float("inf")

    def after_fork(self) -> None:
        """In the child: the file is the parent's, and so is whatever thread held the lock."""
        self.lock = threading.RLock()
        file, self.file = self.file, None
        if file is not None:
            file.close(remove=False)
        for ring in self._rings.values():
            ring.reset()

    def _give(self, asker: Holder, file: RingFile) -> bool:
        """Somebody gives a page: `asker` if it has more than its share, another who has, or `asker` after all."""
        share = self.share
        giver = asker if len(asker.pages) > share else self._rich(share)
        if giver is None:
            giver = asker
        if len(giver.pages) < 2:
            return False
        file.give(giver.pages.popleft().place)
        return True

    def _rich(self, share: int) -> Holder | None:
        for _ in range(len(self._turn)):
            ring = self._rings.get(self._turn[0])
            if ring is None:
                self._turn.popleft()
                continue
            if len(ring.pages) > share:
                return ring
            self._turn.rotate(-1)
        return None
