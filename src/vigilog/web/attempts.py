"""How often somebody may be wrong about the password."""

from __future__ import annotations

from collections import deque
from ipaddress import ip_address, ip_network
from math import ceil
from threading import Lock

from vigilog.core.clock import Clock

MOST = 5
WITHIN = 900.0
PLACES = 10_000


class Attempts:
    """Counts failed logins by address, of IPv6 by /64: after MOST within WITHIN seconds no more are looked at."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._failures: dict[str, deque[float]] = {}

    def wait(self, address: str) -> int:
        """So many seconds nothing that comes from there is looked at; 0: it may be tried now, and counts as failed until
        `right` is called, so that many at once do not get past it."""
        now, place = self._clock(), _place(address)
        with self._lock:
            times = self._failures.pop(place, None) or deque()
            self._failures[place] = times
            while times and times[0] <= now - WITHIN:
                times.popleft()
            if len(times) >= MOST:
                return max(1, ceil(times[0] + WITHIN - now))
            times.append(now)
            while len(self._failures) > PLACES:
                del self._failures[next(iter(self._failures))]
        return 0

    def right(self, address: str) -> None:
        """The password was right: what was wrong before does not count any more."""
        with self._lock:
            self._failures.pop(_place(address), None)


def _place(address: str) -> str:
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((found, 64), strict=False)) if found.version == 6 else str(found)
