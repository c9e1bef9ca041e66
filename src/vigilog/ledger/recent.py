"""Remembering the last IDs that were seen, in bounded memory."""

from __future__ import annotations

LAST = 500_000


class Recent:
    """A set that forgets: it knows at least the last `least` that were added, and never more than twice as many."""

    def __init__(self, least: int = LAST) -> None:
        self._least = least
        self._young: set[bytes] = set()
        self._old: set[bytes] = set()

    def add(self, identity: bytes) -> None:
        """Remembers one."""
        self._young.add(identity)
        if len(self._young) >= self._least:
            self._young, self._old = set(), self._young

    def __contains__(self, identity: bytes) -> bool:
        return identity in self._young or identity in self._old
