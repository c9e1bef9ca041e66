"""A program that gets the lines on its standard input: started again when it dies, without a line being lost meanwhile."""

from __future__ import annotations

import fcntl
import mmap
import os
import select
import threading
from contextlib import suppress
from time import monotonic

from vigilog.core.errors import ConfigurationError
from vigilog.ledger.failure import Failure
from vigilog.ledger.forks import tell_of_forks
from vigilog.ledger.keeper import Keeper
from vigilog.ledger.program import Program

_ROOM = 1 << 20
"""The pipe is made so large, if the system lets it be: it holds the lines while the program is started again."""


class ProgramTarget:
    """The program `what`, started at once: raises ConfigurationError if that cannot be done.

    Processes forked from this one write to the same program, and it is this one that keeps it running. A line longer than
    PIPE_BUF stays whole, too. If the pipe is full, a strict ledger waits up to `patience` seconds for room, another one not at
    all. Lines that cannot be written are left to `failure`.
    """

    def __init__(self, what: Program, failure: Failure, *, patience: float = 10.0) -> None:
        self._name, self._failure = f"|{what.words[0]}", failure
        self._patience = patience if failure.strict else 0.0
        read_end, self._pipe = os.pipe()
        with suppress(OSError):
            fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, _ROOM)
        os.set_blocking(self._pipe, False)
        try:
            self._keeper: Keeper | None = Keeper(what, read_end)
        except OSError as error:
            os.close(read_end)
            os.close(self._pipe)
            raise ConfigurationError(
                f"the ledger program {what.words[0]!r} cannot be started: {error.strerror}",
                remedy="nothing is served without it",
            ) from error
        self._turn = threading.Lock()
        self._shared = False
        # One byte that all forked processes see: whether the last of a long line is still missing.
        self._unfinished = mmap.mmap(-1, 1)
        tell_of_forks(self)

    @property
    def lost(self) -> int:
        """How many lines could not be written."""
        return self._failure.lost

    @property
    def pid(self) -> int | None:
        """The process id of the program, where it was started by this process."""
        return self._keeper.pid if self._keeper else None

    def write(self, line: bytes) -> None:
        """Hands over `line`, which ends in a newline. Raises nothing."""
        with self._turn:
            try:
                if self._shared:
                    # A lock of the process, which ends with it whatever becomes of it.
                    fcntl.lockf(self._pipe, fcntl.LOCK_EX)
                self._hand_over(line)
            except BlockingIOError:
                self._failure(self._name, "the program does not take its lines, and the pipe is full")
            except OSError as error:
                self._failure(self._name, f"a line cannot be written: {error.strerror}")
            finally:
                if self._shared:
                    with suppress(OSError):
                        fcntl.lockf(self._pipe, fcntl.LOCK_UN)

    def reopen(self) -> None:
        """Nothing: how its files are rotated is the program's own affair."""

    def close(self) -> None:
        """The program meets the end of its input, once forked processes have ended, too, and is not started again."""
        with self._turn:
            if self._pipe < 0:
                return
            if self._keeper:
                self._keeper.stop()
            os.close(self._pipe)
            self._pipe = -1

    def before_fork(self) -> None:
        """There will be others who write."""
        self._shared = True

    def after_fork(self) -> None:
        """The parent keeps the program."""
        # A thread that is not in this process may have held the old one.
        self._turn = threading.Lock()
        if self._keeper and self._pipe >= 0:
            self._keeper.forget()
        self._keeper = None

    def _hand_over(self, line: bytes) -> None:
        if self._unfinished[0]:
            # Somebody was killed in the middle of a line, or gave up.
            line = b"\n" + line
        if len(line) <= select.PIPE_BUF:
            if not self._some(line):
                self._wait_and_write(line)
        else:
            self._unfinished[0] = 1
            self._wait_and_write(line)
        self._unfinished[0] = 0

    def _wait_and_write(self, line: bytes) -> None:
        left = memoryview(line)
        until = monotonic() + self._patience
        poll = select.poll()
        poll.register(self._pipe, select.POLLOUT)
        while True:
            left = left[self._some(left) :]
            if not left:
                return
            poll.poll(max(0.0, until - monotonic()) * 1000)
            if monotonic() >= until:
                raise BlockingIOError

    def _some(self, data: bytes | memoryview) -> int:
        try:
            return os.write(self._pipe, data)
        except BlockingIOError:
            return 0
