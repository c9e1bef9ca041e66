"""Fatal signals (SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL): faulthandler writes where the threads were, beside the ring
file, and whoever recovers the block puts that into it."""

from __future__ import annotations

import faulthandler
import os
from contextlib import suppress

from vigilog.blackbox.box import BlackBox

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC


class FatalSignals:
    """Has faulthandler write for `box`, from `start` to `stop`. Where the program has turned faulthandler on for itself,
    it stays as it is. A box without a directory has no place for that."""

    def __init__(self, box: BlackBox) -> None:
        self._box = box
        self._descriptor = -1
        self._process = 0
        self._on = False

    def start(self) -> None:
        """Turns it on."""
        if not faulthandler.is_enabled():
            self._on = True
            self.here()

    def here(self) -> None:
        """In a process that was forked from the one where it was turned on, it has to be turned on once more: a child
        has a ring file of its own, as soon as it has a session."""
        if not self._on or self._process == os.getpid():
            return
        self._process = os.getpid()
        with suppress(OSError):
            path = self._box.fault_path()
            if path is None:
                return
            former, self._descriptor = self._descriptor, os.open(path, _FLAGS, 0o600)
            faulthandler.enable(self._descriptor, all_threads=True)
            if former >= 0:
                os.close(former)

    def stop(self) -> None:
        """Turns it off. A second call does nothing."""
        if self._descriptor >= 0:
            faulthandler.disable()
            os.close(self._descriptor)
            self._descriptor = -1
        self._on = False
