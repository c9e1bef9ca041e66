"""Ends the sessions of processes that are gone, when all is routed that these have written."""

from __future__ import annotations

from collections.abc import Callable

from vigilog.blackbox.around_processes import Processes
from vigilog.blackbox.around_sessions import Sessions
from vigilog.core.clock import Clock

SOON = 0.02
ASKED = 0.08
"""Seconds that a parent is given to ask how its child ended: before that, the kernel tells nobody else."""
PATIENCE = 3.0
"""Seconds that are given to what was written before a process ended."""


class Burials:
    """Knows which processes are gone. `last_line` routes what one has left without a newline; `steady` gives seconds that
    never go back."""

    def __init__(self, processes: Processes, sessions: Sessions, last_line: Callable[[int], None], steady: Clock) -> None:
        self._processes, self._sessions, self._last_line, self._steady = processes, sessions, last_line, steady
        self._gone: dict[int, float] = {}

    @property
    def pending(self) -> bool:
        """Whether there is a process that is gone and whose sessions are still open: look again SOON."""
        return bool(self._gone or self._processes.gone)

    def look(self, is_quiet: Callable[[], bool], *, at_once: bool = False) -> None:
        """Ends what can be ended. `is_quiet` tells whether all is routed that was written until now; `at_once`: it is, and
        there is nothing more to wait for."""
        now = self._steady()
        for process in self._processes.ended():
            self._gone.setdefault(process, now)
        if not self._gone:
            return
        quiet = at_once or is_quiet()
        for process, since in list(self._gone.items()):
            status = self._processes.status(process)
            known = quiet and (status is not None or now - since > ASKED)
            if known or at_once or now - since > PATIENCE:
                del self._gone[process]
                self._last_line(process)
                self._sessions.die(process, status)
                self._processes.release(process)
