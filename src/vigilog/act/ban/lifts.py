"""Who was let in again, and when: what happened before that moment is no reason for a ban any more.

Orders may still wait then, and lines that were written before may still be read later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from vigilog.core.nouns import Alert
from vigilog.store.bans import EVERYTHING

_MOST = 100_000


class Lifts:
    """The last moment (seconds since the epoch) for each target, and for all."""

    def __init__(self) -> None:
        self._moments: dict[str, float] = {}

    def replace(self, moments: Mapping[str, float]) -> None:
        """Knows these and no others."""
        self._moments = dict(moments)

    def note(self, targets: Iterable[str], moment: float) -> None:
        """Targets (or EVERYTHING) are let in at a moment."""
        for target in targets:
            self._moments.pop(target, None)
            self._moments[target] = moment
        while len(self._moments) > _MOST:
            del self._moments[next(iter(self._moments))]

    def undone_by(self, alert: Alert, target: str) -> bool:
        """Whether `target` was let in after one of the events that the alert counts: by its own stamp, and before it came
        here. So whoever is let in has as many more as the trigger's count."""
        happened = min([alert.time, *(moment for event in alert.events for moment in (event.time, event.arrived))])
        return self.since(happened, target)

    def since(self, moment: float, target: str) -> bool:
        """Whether `target` was let in at that moment or later."""
        return any(self._moments.get(name, float("-inf")) >= moment for name in (EVERYTHING, target))
