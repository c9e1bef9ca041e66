"""Passwords that are being compared, beside the loop: hashes are slow on purpose, and nobody else shall wait for them."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import NamedTuple

from vigilog.ftpd.passwords import same

AT_ONCE = 8
"""Comparisons at the same time: a very slow one holds up no other."""
LATER = 10
"""How nice they are (nice(2)): sessions come first."""


class Asked(NamedTuple):
    """A password, a hash, and who wants to know whether they belong together."""

    password: str
    hashed: str
    then: Callable[[bool], None]


class Comparisons:
    """Compares passwords in threads; answers are given by `answer`, to be called by the loop when `descriptor` is readable.

    Each comparison has a thread of its own, which is gone afterwards: as long as there is one, each change of rights has to
    stop it for a moment."""

    def __init__(self) -> None:
        self.descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._waiting: deque[Asked] = deque()
        self._made: SimpleQueue[tuple[Asked, bool]] = SimpleQueue()
        self._running = 0

    def ask(self, password: str, hashed: str, then: Callable[[bool], None]) -> None:
        """`then` is called with the answer, in the thread of the loop, later."""
        self._waiting.append(Asked(password, hashed, then))
        self._begin()

    def _begin(self) -> None:
        while self._waiting and self._running < AT_ONCE:
            self._running += 1
            asked = self._waiting.popleft()
            try:
                # A daemon's thread: a hash that takes minutes does not hold up the end of the server.
                Thread(target=self._beside, args=(asked,), daemon=True).start()
            except RuntimeError:  # there are too many threads on this host: better slow than not at all
                self._compare(asked)

    def _beside(self, asked: Asked) -> None:
        os.nice(LATER)  # of this thread only
        self._compare(asked)

    def _compare(self, asked: Asked) -> None:
        fits = False
        try:
            fits = same(asked.password, asked.hashed)
        finally:
            self._made.put((asked, fits))
            os.eventfd_write(self.descriptor, 1)

    def answer(self) -> None:
        """Gives the answers that there are."""
        os.eventfd_read(self.descriptor)
        while not self._made.empty():
            asked, fits = self._made.get()
            self._running -= 1
            self._begin()
            asked.then(fits)
