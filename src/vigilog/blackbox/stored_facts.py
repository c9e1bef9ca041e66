"""What is known about a session, as it is stored in its pages."""

from __future__ import annotations

import mmap

from vigilog.blackbox.facts import Facts
from vigilog.blackbox.layout import SLOT, SLOTS, slot
from vigilog.blackbox.voice import Voice


class StoredFacts:
    """`facts` as bytes: the names of a session once for all its pages, its counters in one of two places in turn, so that
    one of them is whole at any moment."""

    __slots__ = ("_facts", "_generation", "_identity", "_voice")

    def __init__(self, facts: Facts, voice: Voice) -> None:
        self._facts = facts
        self._voice = voice
        self._generation = 0
        self._identity = b""

    def began(self, now: float) -> float:
        """When the session began, in seconds since the epoch; `now` if nobody has said so."""
        return now if self._facts.began is None else self._facts.began

    def identity(self) -> bytes:
        """All but the counters."""
        if not self._identity:
            self._identity = self._voice.identity(self._facts)
        return self._identity

    def changed(self) -> bytes:
        """All but the counters, of which something is another now."""
        self._identity = b""
        return self.identity()

    def count(self, into: mmap.mmap, page: int) -> None:
        """Writes the counters into the page at the offset `page`."""
        self._generation = generation = self._generation + 1
        at = page + SLOTS + (generation & 1) * SLOT.size
        into[at : at + SLOT.size] = slot(self._voice.counters(self._facts), generation)
