"""Lines about what may happen very often, said once a minute at most."""

from __future__ import annotations

import time
from collections.abc import Callable

_MINUTE = 60.0


class Rarely:
    """Says a line through `say`, unless it did less than a minute ago."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._untold = 0
        self._next = 0.0

    def __call__(self, count: int, text: Callable[[int], str]) -> None:
        """So many more: `text` makes the line of how many there were since the last one."""
        self._untold += count
        if self._untold and time.monotonic() >= self._next:
            self._say(text(self._untold))
            self._untold, self._next = 0, time.monotonic() + _MINUTE
