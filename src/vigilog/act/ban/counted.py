"""Ends bans where the firewall cannot do it itself: any Firewall without timeouts becomes one with them."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence

from vigilog.act.ban.firewall import Element, Entry, Firewall, FirewallError, Present
from vigilog.core.clock import Clock


class Counted:
    """Remembers when each ban ends and lets it in again when `tick` is called. `steady` gives seconds that only grow.

    It knows of no bans but those it was given itself: after a new start it has to be told all of them (`restore`).
    """

    def __init__(self, firewall: Firewall, steady: Clock) -> None:
        self._firewall, self._steady = firewall, steady
        self._ends: dict[Element, float] = {}
        self._queue: list[tuple[float, Element]] = []

    def due(self) -> float | None:
        """In how many seconds `tick` should be called (0: now); None: nothing is held."""
        return max(0.0, self._queue[0][0] - self._steady()) if self._queue else None

    def tick(self) -> None:
        """Lets in whose time is over. Raises FirewallError; then it is tried again in a while."""
        now = self._steady()
        over: dict[Element, None] = {}
        while self._queue and self._queue[0][0] <= now:
            end, element = heapq.heappop(self._queue)
            if self._ends.get(element) == end:
                over[element] = None
        try:
            self._firewall.remove(over)
        except FirewallError:
            for element in over:
                self._note(element, now + _AGAIN)
            raise
        for element in over:
            del self._ends[element]

    def restore(self, entries: Iterable[Entry]) -> None:
        wanted = list(entries)
        self._firewall.restore(wanted)
        self._ends.clear()
        self._queue.clear()
        self._remember(wanted)

    def add(self, entries: Sequence[Entry]) -> None:
        self._firewall.add([entry for entry in entries if entry.element not in self._ends])
        self._remember(entries)

    def prolong(self, entries: Sequence[Entry]) -> None:
        self.add(entries)

    def remove(self, elements: Iterable[Element]) -> None:
        gone = list(elements)
        self._firewall.remove(gone)
        for element in gone:
            self._ends.pop(element, None)

    def present(self) -> Present | None:
        held = self._firewall.present()
        now = self._steady()
        return held and {
            element: self._ends[element] - now if element in self._ends else left for element, left in held.items()
        }

    def intact(self) -> bool:
        return self._firewall.intact()

    def clear(self) -> None:
        self._firewall.clear()
        self._ends.clear()
        self._queue.clear()

    def _remember(self, entries: Iterable[Entry]) -> None:
        now = self._steady()
        for entry in entries:
            self._note(entry.element, now + entry.seconds)

    def _note(self, element: Element, end: float) -> None:
        self._ends[element] = end
        heapq.heappush(self._queue, (end, element))


_AGAIN = 10.0
