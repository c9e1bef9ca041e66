"""When to look after the firewall: after what others did to it, not after what we did, and never for nothing.

The kernel numbers the states of nftables (generations), one more with each change by anybody. Between two looks in which the
number did not grow, nothing can have happened. Only where the clock was set, or the machine slept, do bans in the kernel end
at another time than they should.
"""

from __future__ import annotations

from collections.abc import Callable

from vigilog.core.clock import Clock

SETTLE = 0.05
"""Somebody who loads rules does it in several steps: so many seconds after a change the rules are checked."""
SHARE = 40
"""Comparing takes at most one of so many seconds, however often others change something ..."""
PAUSE = 1.0
"""... and is done no sooner than so many seconds after the last time."""

STEP = 5.0
"""A clock that was set by more seconds than this makes a comparison worth while."""


class Changes:
    """`interval`: seconds between two comparisons (0: only when others changed something). `exact`: each of our own changes
    is one generation, so that a foreign one beside it shows. `steady`: seconds that only grow, and `clock`: those that people
    have."""

    def __init__(self, interval: float, *, exact: bool, generation: Callable[[], int], steady: Clock, clock: Clock) -> None:
        self._interval, self._exact, self._generation, self._steady, self._clock = interval, exact, generation, steady, clock
        self._apart = clock() - steady()
        self._seen = generation()
        self._compared = self._seen
        self._check_at: float | None = None
        self._foreign = False
        self._look_after = 0.0
        self._look_at = steady() + interval

    def announced(self) -> None:
        """The kernel told of a change: ours or not."""
        now = self._generation()
        if now != self._seen:
            self._seen = now
            self._somebody()

    def begin(self) -> None:
        """To be called before a change of our own."""
        self.announced()

    def done(self) -> None:
        """To be called after a change of our own, or what may have become one."""
        now = self._generation()
        if self._exact and now - self._seen not in {0, 1}:
            self._somebody()
        self._seen = now

    def looked(self, seconds: float) -> None:
        """All that is held was listed just now, which took so long."""
        self._foreign = False
        self._compared = self._generation()
        self._apart = self._clock() - self._steady()
        self._look_after = self._steady() + max(PAUSE, seconds * SHARE)
        self._look_at = self._steady() + self._interval

    def due(self) -> float | None:
        """In how many seconds there is something to do; None: nothing, before the kernel announces something."""
        times = [self._check_at] if self._check_at is not None else []
        if self._foreign:
            times.append(self._look_after)
        if self._interval:
            times.append(self._look_at)
        return max(0.0, min(times) - self._steady()) if times else None

    def to_check(self) -> bool:
        """Whether to check now that the rules are intact."""
        if self._check_at is None or self._steady() < self._check_at:
            return False
        self._check_at = None
        return True

    def intact(self) -> None:
        """The rules are: what others changed may be what is held."""
        self._foreign = True

    def to_look(self) -> bool:
        """Whether to compare now what is held. Where nothing changed, or it was asked for already, it is not."""
        now = self._steady()
        wanted = self._foreign and now >= self._look_after
        if self._interval and now >= self._look_at:
            self._look_at = now + self._interval
            apart = self._clock() - now
            wanted = wanted or not self._exact or self._generation() != self._compared or abs(apart - self._apart) > STEP
        if wanted:
            self._foreign = False
        return wanted

    def _somebody(self) -> None:
        if self._check_at is None:
            self._check_at = self._steady() + SETTLE
