"""Signals on their way to the program: taken from a descriptor, with what the kernel knows of who sent them."""

from __future__ import annotations

import ctypes
import os
import signal
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

PASSED_ON = tuple(
    getattr(signal, f"SIG{name}")
    for name in ("HUP", "INT", "QUIT", "ABRT", "USR1", "USR2", "ALRM", "TERM", "WINCH", "IO", "PWR")
) + tuple(range(signal.SIGRTMIN, signal.SIGRTMAX + 1))
"""All that a process may be sent to make it do something. What stops it and lets it go on (job control) is the terminal's
business, which knows the whole group; faults are each process's own."""

STOPS = frozenset((signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGKILL, signal.SIGTERM))
"""What an orderly stop sends. Whoever dies of another signal, even while being stopped, has a fault."""

_SIZE = 128
_HEAD = struct.Struct("=IiiI")
_FROM_KERNEL = 0x80
_CLOEXEC_NONBLOCK = 0o2000000 | 0o4000
_SET_BYTES = 128


class Sent(NamedTuple):
    """A signal that came: its number, and whether the kernel itself sent it (as a terminal does, to its whole group)."""

    number: int
    by_kernel: bool


class Signals:
    """Takes the signals in PASSED_ON instead of this process: `descriptor` becomes readable when one has come. `before` is
    the mask that was in force until then."""

    def __init__(self) -> None:
        self.before = signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
        self._leads = os.getsid(0) == os.getpid()
        wanted = (ctypes.c_uint64 * (_SET_BYTES // 8))()
        wanted[0] = sum(1 << (number - 1) for number in PASSED_ON)
        libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor = libc.signalfd(-1, ctypes.byref(wanted), _CLOEXEC_NONBLOCK)
        if self.descriptor < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    def take(self) -> Iterator[Sent]:
        """Those that have come."""
        while True:
            try:
                data = os.read(self.descriptor, 32 * _SIZE)
            except BlockingIOError:
                return
            for at in range(0, len(data), _SIZE):
                number, _, code, _ = _HEAD.unpack_from(data, at)
                yield Sent(number, code == _FROM_KERNEL)

    def hand_on(self, process: int) -> bool:
        """Sends those that have come to a process of this one's group; whether one of them was to stop it."""
        stop = False
        for sent in self.take():
            hangup = sent.number == signal.SIGHUP and sent.by_kernel
            stop = stop or hangup or sent.number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
            # A terminal has sent it to the whole group; only that it is gone, it tells whoever leads the session.
            if not sent.by_kernel or (hangup and self._leads):
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(process, sent.number)
        return stop

    def close(self) -> None:
        """Takes none any more; the mask stays as it is."""
        os.close(self.descriptor)
