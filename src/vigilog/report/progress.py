"""How far a long run has come, told on a terminal while it runs. No threads: it is told whenever a block is done."""

from __future__ import annotations

from vigilog.core.clock import Clock
from vigilog.report.visible import Write

_SILENT = 1.0
_BETWEEN = 0.2
_ERASE = b"\r\x1b[K"


class Progress:
    """Writes one line to `write` again and again, which should be a terminal's standard error; nothing in the first second.

    `total` is how many bytes there are to read, None if that is not known; `clock` gives seconds.
    """

    def __init__(self, write: Write, clock: Clock, total: int | None = None) -> None:
        self._write = write
        self._clock = clock
        self._total = total
        self._begun = clock()
        self._next = self._begun + _SILENT
        self._shown = False
        self._bytes = 0
        self._lines = 0

    def advance(self, size: int, lines: int) -> None:
        """A block of `size` bytes and `lines` lines is done."""
        self._bytes += size
        self._lines += lines
        now = self._clock()
        if now >= self._next:
            self._next = now + _BETWEEN
            self._shown = True
            self._write(_ERASE + self._line(now - self._begun).encode())

    def finish(self) -> None:
        """Takes the line away, so that what follows begins on a clean one."""
        if self._shown:
            self._write(_ERASE)
            self._shown = False

    def _line(self, seconds: float) -> str:
        done = f"{self._bytes / 1e6:,.0f} MB"
        if self._total:
            share = min(1.0, self._bytes / self._total)
            done = f"{share:4.0%}  {self._bytes / 1e6:,.0f} of {max(self._total, self._bytes) / 1e6:,.0f} MB"
        return f"{done}  {self._lines / seconds:,.0f} lines/s"
