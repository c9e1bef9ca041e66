"""Programs under way at the same time: waited for without polling, pressed to end when their time is over, collected."""

from __future__ import annotations

import selectors
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from vigilog.act import process
from vigilog.act.environment import Environment
from vigilog.core.nouns import Order


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: its status (negative: the signal that killed it; None: it could not be killed), why it was ended,
    if it was, and what it said."""

    order: Order
    status: int | None
    why: str
    said: bytes
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Run:
    order: Order
    process: process.Process
    notes: tuple[str, ...]
    deadline: float
    why: str
    pressed: int = 0


class Runs:
    """What runs. `grace` is how many seconds pass between SIGTERM and SIGKILL; `ticks` is a clock that only goes forward."""

    def __init__(self, grace: float, ticks: Callable[[], float]) -> None:
        self._grace, self._ticks = grace, ticks
        self._runs: dict[int, _Run] = {}
        self._immortal: list[process.Process] = []
        self._woken, self._wake = socket.socketpair()
        self._wake.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._woken, selectors.EVENT_READ)

    def __len__(self) -> int:
        return len(self._runs)

    def begin(self, order: Order, path: str, told: Environment, limit: float) -> None:
        """Starts the program at `path`; after `limit` seconds it is ended. Raises OSError."""
        self._immortal = [each for each in self._immortal if each.program.poll() is None]
        begun = process.started(path, told.variables)
        why = f"it ran longer than {limit:g} seconds"
        self._runs[begun.ended] = _Run(order, begun, told.notes, self._ticks() + limit, why)
        self._selector.register(begun.ended, selectors.EVENT_READ)
        self._selector.register(begun.errors, selectors.EVENT_READ, begun)

    def step(self, seconds: float) -> list[Ended]:
        """Waits until a program ends, or is to be ended, or `wake` is called, `seconds` at most; gives what has ended."""
        patience = min([run.deadline - self._ticks() for run in self._runs.values()], default=seconds)
        ready = [key for key, _ in self._selector.select(max(0.0, min(seconds, patience)))]
        for key in ready:
            if key.fileobj is self._woken:
                self._woken.recv(4096)
            elif key.data is not None and not process.hear(key.data):
                self._selector.unregister(key.fd)
        # Last, since a program that has ended takes its descriptors with it.
        ended = [self._collect(self._runs.pop(key.fd)) for key in ready if key.fd in self._runs]
        late = [run for run in self._runs.values() if run.deadline <= self._ticks()]
        return ended + [self._abandon(run) for run in late if not self._press(run)]

    def hasten(self, seconds: float, why: str) -> None:
        """What runs has `seconds` more, at most."""
        for run in self._runs.values():
            if not run.pressed and self._ticks() + seconds < run.deadline:
                run.deadline, run.why = self._ticks() + seconds, why

    def wake(self) -> None:
        """Lets a `step` under way in another thread return."""
        # Full: it wakes up anyway. Closed: nothing runs any more.
        with suppress(OSError):
            self._wake.send(b"!")

    def close(self) -> None:
        """Gives the descriptors back. Nothing may run any more."""
        self._selector.close()
        self._woken.close()
        self._wake.close()

    def _press(self, run: _Run) -> bool:
        if run.pressed == 2:
            return False
        process.send(run.process, signal.SIGKILL if run.pressed else signal.SIGTERM)
        run.pressed += 1
        run.deadline = self._ticks() + self._grace
        return True

    def _collect(self, run: _Run) -> Ended:
        self._forget(run)
        status = process.finish(run.process)
        return Ended(run.order, status, run.why if run.pressed else "", bytes(run.process.said), run.notes)

    def _abandon(self, run: _Run) -> Ended:
        del self._runs[run.process.ended]
        self._forget(run)
        process.abandon(run.process)
        self._immortal.append(run.process)
        return Ended(run.order, None, run.why, bytes(run.process.said), run.notes)

    def _forget(self, run: _Run) -> None:
        for descriptor in (run.process.ended, run.process.errors):
            if descriptor in self._selector.get_map():
                self._selector.unregister(descriptor)
