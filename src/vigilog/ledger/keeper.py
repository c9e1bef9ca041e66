"""Sees to it that a program runs which reads a pipe: the process that started it starts it again when it has died."""

from __future__ import annotations

import os
import select
import threading
from contextlib import suppress
from time import monotonic

from vigilog.ledger.failure import said
from vigilog.ledger.program import Program, started

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 5.0
_LONG = 10.0
"""A program that ran for so many seconds was not dead from the start."""


class Keeper:
    """Keeps `what` running on `read_end` from now on, by a thread. Raises OSError if it cannot be started the first time.

    The read end stays open here, so what is written while no program runs waits in the pipe. A program that dies again and
    again within ten seconds is started after pauses of up to five.
    """

    def __init__(self, what: Program, read_end: int) -> None:
        self._what, self._read_end = what, read_end
        self._ending, self._ended = os.pipe()
        self._program = started(what, read_end)
        self._thread = threading.Thread(target=self._keep, name="vigilog-ledger-program", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        """The process id of the program, or of the last one."""
        return self._program.pid

    def stop(self) -> None:
        """It is not started again."""
        os.close(self._ended)
        self._thread.join()
        os.close(self._ending)
        os.close(self._read_end)

    def forget(self) -> None:
        """In a forked process: the program is its parent's."""
        # Python would otherwise look for a child that this process does not have.
        self._program.returncode = 0
        for descriptor in (self._ending, self._ended, self._read_end):
            os.close(descriptor)

    def _keep(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            begun = monotonic()
            if not self._ends():
                return
            said(f"the program {self._what.words[0]} of a ledger ended unexpectedly; it is started again")
            if monotonic() - begun > _LONG:
                pause = _FIRST_PAUSE
            while True:
                if self._stops_within(pause):
                    return
                pause = min(pause * 2, _LONGEST_PAUSE)
                try:
                    self._program = started(self._what, self._read_end)
                    break
                except OSError as error:
                    said(f"the program {self._what.words[0]} of a ledger cannot be started: {error.strerror}")

    def _ends(self) -> bool:
        """Waits until the program has ended (true) or is wanted no longer (false). Whoever else collects the children of this
        process may have done so."""
        with suppress(ProcessLookupError):
            program = os.pidfd_open(self._program.pid)
            try:
                poll = select.poll()
                poll.register(program, select.POLLIN)
                poll.register(self._ending, select.POLLIN)
                poll.poll()
            finally:
                os.close(program)
        if self._stops_within(0):
            return False
        self._program.poll()
        return True

    def _stops_within(self, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self._ending, select.POLLIN)
        return bool(poll.poll(seconds * 1000))
