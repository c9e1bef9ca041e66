"""Runs a program of the administrator's for each alert, as logtrigger does: everything is in the environment (`environment`).

No shell, no arguments, no input; a session and process group of its own; a time limit; so many at the same time. A program
that has ended takes with it what it left running in its process group.
"""

from __future__ import annotations

import selectors
import signal
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from vigilog.act import process, program
from vigilog.act.environment import KEPT, Environment, checked_names, environment
from vigilog.act.shown import shown, shown_bytes
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Order, Outcome

_STOPPING_GRACE = 2.0


@dataclass(slots=True)
class _Run:
    order: Order
    process: process.Process
    notes: tuple[str, ...]
    deadline: float
    pressed: int = 0
    why: str = ""


class Script:
    """The action `script`. `path` is the program, `time_limit` and `grace` are seconds (SIGTERM after the one, SIGKILL after
    the other), `parallel` so many run at the same time, `queue` so many more may wait: what is ordered beyond that is refused.

    `base` is the daemon's environment, `more` variables of the configuration, `patterns` logtrigger's patterns by rule.
    `log` is given each line of what programs say on standard error, made harmless; `ticks` is a clock that only goes forward.
    Raises ConfigurationError for a path that is not absolute and for names of variables that are taken.
    """

    def __init__(
        self,
        path: str,
        *,
        base: Mapping[str, str],
        more: Mapping[str, str] | None = None,
        patterns: Mapping[str, str] | None = None,
        time_limit: float = 60.0,
        parallel: int = 4,
        queue: int = 1000,
        grace: float = 5.0,
        log: Callable[[str], object] = lambda line: None,  # noqa: ARG005
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        if not path.startswith("/"):
            raise ConfigurationError(f"the script {path!r}", expected="a path that begins with /")
        if time_limit <= 0:
            raise ConfigurationError(f"a time limit of {time_limit:g} seconds", expected="more than 0")
        self._path, self._base, self._more, self._patterns = path, base, checked_names(more or {}), patterns or {}
        self._time_limit, self._grace, self._parallel, self._queue = time_limit, grace, parallel, queue
        self._log, self._ticks = log, ticks
        self._closing = False
        self._woken, self._wake = socket.socketpair()
        self._immortal: list[process.Process] = []

    def perform(self, orders: Sequence[Order]) -> Iterator[Outcome]:
        """Runs the program for each order; gives the outcomes as the programs end. Those not begun when `close` is called have
        none."""
        self._immortal = [each for each in self._immortal if each.program.poll() is None]
        room = self._parallel + self._queue
        waiting = deque(orders[:room])
        running: dict[int, _Run] = {}
        with selectors.DefaultSelector() as selector:
            selector.register(self._woken, selectors.EVENT_READ)
            try:
                yield from self._begin(waiting, running, selector)
                for order in islice(orders, room, None):
                    yield Outcome(order, done=False, reason=f"queue full: {self._queue} are waiting")
                while running:
                    yield from self._step(running, selector)
                    yield from self._begin(waiting, running, selector)
            finally:
                for run in running.values():
                    process.send(run.process, signal.SIGKILL)
                    process.finish(run.process)

    def close(self) -> None:
        """Ends the programs under way; `perform` gives their outcomes. Returns at once; any thread may call it."""
        self._closing = True
        self._wake.send(b"!")

    def would(self, order: Order) -> str:
        """What `perform` would do about `order`."""
        key = shown(" ".join(order.alert.key))
        return f"run {self._path} for {key}" if key else f"run {self._path}"

    def call(self) -> str:
        """What logtrigger prints at debug level 1 when it calls a script."""
        return f"Call action script: {self._path}"

    def describe(self, order: Order) -> tuple[str, ...]:
        """What logtrigger prints of the environment at debug level 2: each variable's name, right-aligned to 24 columns."""
        variables = self._environment(order).variables
        return tuple(f"{name:>24}: {shown_bytes(value)}" for name, value in variables.items() if name not in KEPT)

    def _environment(self, order: Order) -> Environment:
        return environment(order, self._base, self._more, self._patterns)

    def _begin(self, waiting: deque[Order], running: dict[int, _Run], selector: selectors.BaseSelector) -> Iterator[Outcome]:
        while waiting and len(running) < self._parallel and not self._closing:
            order = waiting.popleft()
            made = self._environment(order)
            wrong = program.fault(self._path)
            try:
                begun = None if wrong else process.started(self._path, made.variables)
            except OSError as error:
                wrong = _start_error(error)
            if wrong or begun is None:
                yield Outcome(order, done=False, reason=f"{self._path} was not run: {wrong}")
                continue
            running[begun.ended] = _Run(order, begun, made.notes, self._ticks() + self._time_limit)
            selector.register(begun.ended, selectors.EVENT_READ)
            selector.register(begun.errors, selectors.EVENT_READ, begun)

    def _step(self, running: dict[int, _Run], selector: selectors.BaseSelector) -> Iterator[Outcome]:
        next_deadline = min(run.deadline for run in running.values())
        ready = [key for key, _ in selector.select(max(0.0, next_deadline - self._ticks()))]
        for key in ready:
            if key.fileobj is self._woken:
                selector.unregister(self._woken)
                for run in running.values():
                    self._press(run, "Vigilog is stopping", min(self._grace, _STOPPING_GRACE))
            elif key.data is not None and not process.hear(key.data):
                selector.unregister(key.fd)
        # Last, since a program that has ended takes its descriptors with it.
        for key in ready:
            if key.fd in running:
                yield self._ended(running.pop(key.fd), selector)
        for run in [run for run in running.values() if run.deadline <= self._ticks()]:
            if run.pressed == 2:
                yield self._given_up(running.pop(run.process.ended), selector)
            else:
                self._press(run, f"it ran longer than {self._time_limit:g} seconds", self._grace)

    def _press(self, run: _Run, why: str, grace: float) -> None:
        process.send(run.process, signal.SIGKILL if run.pressed else signal.SIGTERM)
        run.pressed += 1
        run.why = run.why or why
        run.deadline = self._ticks() + grace

    def _ended(self, run: _Run, selector: selectors.BaseSelector) -> Outcome:
        self._forget(run, selector)
        status = process.finish(run.process)
        lines = [shown_bytes(line) for line in bytes(run.process.said).splitlines() if line.strip()]
        for line in lines:
            self._log(f"{self._path}: {line}")
        ended = f"killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        parts = [f"{ended}, because {run.why}" if run.why else ended, *run.notes]
        if lines:
            parts.append(f"it said: {lines[-1]}")
        return Outcome(run.order, done=status == 0 and not run.why, reason="; ".join(parts))

    def _given_up(self, run: _Run, selector: selectors.BaseSelector) -> Outcome:
        self._forget(run, selector)
        process.abandon(run.process)
        self._immortal.append(run.process)
        return Outcome(run.order, done=False, reason=f"it cannot be killed (process {run.process.program.pid}); {run.why}")

    def _forget(self, run: _Run, selector: selectors.BaseSelector) -> None:
        for descriptor in (run.process.ended, run.process.errors):
            if descriptor in selector.get_map():
                selector.unregister(descriptor)


def _start_error(error: OSError) -> str:
    if error.errno == 8:
        return "it has no `#!` line, and is no program"
    if error.errno == 2:
        return "the interpreter that its `#!` line names is not there"
    return error.strerror or str(error)
