"""A signal of the user's choice writes a block of every session that is open: `kill -USR2 PID`.

The handler only wakes a thread, which writes: it takes no lock that the interrupted code may hold, and the program does
not wait.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from types import FrameType
from typing import Any

from vigilog.core.errors import ConfigurationError

KIND = "ON DEMAND"


class OnDemand:
    """From `start` to `stop`, `number` has `write` called in a thread of its own, in each process that is forked from this one
    as well. A handler that was there before is called too, and is there again afterwards.
    """

    def __init__(self, number: signal.Signals, write: Callable[[], object]) -> None:
        self._number = number
        self._write = write
        self._former: Any = None
        self._asked: SimpleQueue[bool] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._on = self._known_to_forks = False

    def start(self) -> None:
        """Takes the signal. Raises ConfigurationError outside of the main thread, and for a signal that cannot be had."""
        try:
            self._former = signal.signal(self._number, self._handle)
        except (ValueError, OSError) as error:
            raise ConfigurationError(
                f"signal {self._number}: {error}", expected="a signal that a program can handle, in its main thread"
            ) from error
        self._on = True
        self._listen()
        if not self._known_to_forks:
            self._known_to_forks = True
            os.register_at_fork(after_in_child=self._after_fork)

    def stop(self) -> None:
        """Gives the signal back, and ends the thread when what it writes is written."""
        self._on = False
        if signal.getsignal(self._number) == self._handle:
            with suppress(ValueError):
                signal.signal(self._number, self._former if self._former is not None else signal.SIG_DFL)
        self._asked.put(False)
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _listen(self) -> None:
        # No pipe: a program that closes whatever it does not know, as daemons do, would have its own next file asked.
        asked: SimpleQueue[bool] = SimpleQueue()
        self._asked = asked
        self._thread = threading.Thread(target=self._wait, args=(asked,), name="vigilog-on-demand", daemon=True)
        self._thread.start()

    def _wait(self, asked: SimpleQueue[bool]) -> None:
        while asked.get():
            self._write()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._asked.put(True)
        if callable(self._former):
            self._former(number, frame)

    def _after_fork(self) -> None:
        if self._on:
            self._listen()
