"""Signals as something to select on."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Self


class Signals:
    """Takes `numbers` from within a `with`: they interrupt nothing, and are told by `received`. `fileno` is readable then."""

    def __init__(self, numbers: Iterable[signal.Signals]) -> None:
        self._numbers = tuple(numbers)
        self._former: dict[signal.Signals, Any] = {}
        self._read, self._write = socket.socketpair()
        self._read.setblocking(False)
        self._write.setblocking(False)

    def __enter__(self) -> Self:
        for number in self._numbers:
            self._former[number] = signal.signal(number, lambda *_: None)
        self._former_wakeup = signal.set_wakeup_fd(self._write.fileno(), warn_on_full_buffer=False)
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(self._former_wakeup)
        for number, former in self._former.items():
            signal.signal(number, former)
        self._read.close()
        self._write.close()

    def fileno(self) -> int:
        """The descriptor to wait for."""
        return self._read.fileno()

    def received(self) -> list[int]:
        """The signals that came since the last call."""
        with suppress(BlockingIOError):
            return list(self._read.recv(256))
        return []
