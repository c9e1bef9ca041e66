"""Rings in memory, gone with the process."""

from __future__ import annotations

from vigilog.blackbox.bounds import Bounds
from vigilog.blackbox.facts import Facts
from vigilog.blackbox.memory import MemoryRing
from vigilog.blackbox.memory_pool import MemoryPool
from vigilog.blackbox.ring import Ring


class InMemory:
    """Rings in memory."""

    redacts = False
    """Messages are redacted when they are written."""

    def __init__(self, bounds: Bounds, capture: frozenset[str]) -> None:
        self._bounds = bounds
        self._capture = capture
        self._pool = MemoryPool(bounds.total)

    def ring(self, number: int, facts: Facts) -> Ring:  # noqa: ARG002 - a ring in memory has no need to know
        """The ring of a new session."""
        return MemoryRing(self._pool, messages=self._bounds.messages, limit=self._bounds.session, capture=self._capture)

    def fault_path(self) -> str | None:
        """Where faulthandler may write: nowhere that anybody would look."""
        return None

    def after_fork(self) -> None:
        """In the child: whichever thread held the lock is not here."""
        self._pool.after_fork()

    def close(self) -> None:
        """There is nothing to be closed."""
