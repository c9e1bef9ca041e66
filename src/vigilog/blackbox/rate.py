"""How many blocks nobody asked for may be written: a fault that comes with every request must not fill the disk."""

from __future__ import annotations

from collections import deque


class Rate:
    """At most `per_minute` in any sixty seconds. What was withheld is counted until somebody says it."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._times: deque[float] = deque()
        self.withheld = 0
        """All of them, since the start."""
        self.unsaid = 0
        """Those that no block has mentioned yet."""

    def allows(self, now: float) -> bool:
        """Whether one more may be written at `now`, seconds since the epoch; if not, it is counted as withheld."""
        times = self._times
        # A clock that was set back must not withhold everything until it has caught up.
        while times and not now - 60 < times[0] <= now:
            times.popleft()
        if len(times) < self._per_minute:
            return True
        self.withheld += 1
        self.unsaid += 1
        return False

    def counts(self, now: float) -> None:
        """One was written at `now`."""
        self._times.append(now)

    def said(self, count: int) -> None:
        """A block mentioned `count` of those withheld."""
        self.unsaid = max(0, self.unsaid - count)
