"""Fatal signals (SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL): faulthandler writes where the threads were, beside the ring
file, and whoever recovers the block puts that into it."""

from __future__ import annotations

import faulthandler
import os
from contextlib import suppress

from vigilog.blackbox.box import BlackBox
from vigilog.blackbox.own_descriptor import OwnDescriptor

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC


class FatalSignals:
    """Has faulthandler write for `box`, from `start` to `stop`. Where the program has turned faulthandler on for itself,
    it stays as it is. A box without a directory has no place for that."""

    def __init__(self, box: BlackBox) -> None:
        self._box = box
        self._descriptor: OwnDescriptor | None = None
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
            descriptor = os.open(path, _FLAGS, 0o600)
            former, self._descriptor = self._descriptor, OwnDescriptor(descriptor)
            faulthandler.enable(descriptor, all_threads=True)
            if former is not None:
                former.close()

    def stop(self) -> None:
        """Turns it off. A second call does nothing."""
        if self._descriptor is not None:
            faulthandler.disable()
            self._descriptor.close()
            self._descriptor = None
        self._on = False
