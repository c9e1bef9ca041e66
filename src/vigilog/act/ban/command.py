"""The firewall `command`: a program of the administrator's, called without a shell, once for each ban and each end of one.

COMMAND ban ADDRESS SECONDS, COMMAND unban ADDRESS, COMMAND flush. The variable VIGILOG_PORT has the port if a ban is for one
(`tcp/22`), else it is empty. Status 0 means that it was done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vigilog.act.ban.firewall import Element, Entry
from vigilog.act.ban.program import told

_SECONDS = 10.0


class Command:
    """Calls `program`, one call after the other, each for at most 10 s. What it holds, nobody knows."""

    def __init__(self, program: str) -> None:
        self._program = program

    def restore(self, entries: Iterable[Entry]) -> None:
        """Not in one step: everybody is let in, and then shut out again one by one."""
        self.clear()
        self.add(list(entries))

    def add(self, entries: Sequence[Entry]) -> None:
        for (target, port), seconds in entries:
            self._call(port, "ban", target, str(seconds))

    def prolong(self, entries: Sequence[Entry]) -> None:
        self.add(entries)

    def remove(self, elements: Iterable[Element]) -> None:
        for target, port in elements:
            self._call(port, "unban", target)

    def present(self) -> None:
        return None

    def intact(self) -> bool:
        return True

    def clear(self) -> None:
        self._call("", "flush")

    def _call(self, port: str, *arguments: str) -> None:
        told([self._program, *arguments], seconds=_SECONDS, environment={"VIGILOG_PORT": port})
