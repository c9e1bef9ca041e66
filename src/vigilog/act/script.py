"""Runs a program of the administrator's for each alert, as logtrigger does: everything is in the environment (`environment`).

No shell, no arguments, no input; a session and process group of its own; a time limit; so many at the same time. A program
that has ended takes with it what it left running in its process group.
"""

from __future__ import annotations

import errno
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence

from vigilog.act import program
from vigilog.act.environment import KEPT, Environment, checked_names, environment
from vigilog.act.runs import Ended, Runs
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Order, Outcome
from vigilog.core.visible import shown, shown_bytes

SLICE = 0.05
"""While programs run, new orders are looked for so often, in seconds."""
PATIENCE = 3.0
"""When Vigilog stops, what runs has so many seconds to end by itself."""
_START_ERRORS = {
    errno.ENOEXEC: "it has no `#!` line, and is no program",
    errno.ENOENT: "the interpreter that its `#!` line names is not there",
}


class Script:
    """The action `script`. `path` is the program, `time_limit` and `grace` are seconds (SIGTERM after the one, SIGKILL after
    the other), `parallel` so many run at the same time, `queue` so many more may wait: what is ordered beyond that is refused.

    `base` is the daemon's environment, `more` variables of the configuration, `patterns` logtrigger's patterns by rule.
    `log` is given each line of what programs say on standard error, made harmless; `ticks` is a clock that only goes forward.
    It is an action with `due` and `tick` (`timed`): a program that hangs keeps one place, and the others go on.
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
        grace: float = 2.0,
        log: Callable[[str], object] = lambda line: None,  # noqa: ARG005
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        if not path.startswith("/"):
            raise ConfigurationError(f"the script {path!r}", expected="a path that begins with /")
        if time_limit <= 0:
            raise ConfigurationError(f"a time limit of {time_limit:g} seconds", expected="more than 0")
        self._path, self._base, self._more, self._patterns = path, base, checked_names(more or {}), patterns or {}
        self._time_limit, self._parallel, self._queue, self._log = time_limit, parallel, queue, log
        self._waiting: deque[Order] = deque()
        self._runs = Runs(grace, ticks)
        self._known: list[Outcome] = []
        self._closing = 0
        self._busy = threading.Lock()

    def perform(self, orders: Sequence[Order]) -> Iterator[Outcome]:
        """Takes the orders up, and begins with them as far as there is room. The outcomes come from `tick` as programs end;
        here only those that are known at once."""
        with self._busy:
            for order in orders:
                if len(self._waiting) + len(self._runs) < self._parallel + self._queue:
                    self._waiting.append(order)
                else:
                    self._known.append(Outcome(order, done=False, reason=f"queue full: {self._queue} are waiting"))
            self._begin()
        return self.tick()

    def due(self) -> float | None:
        """Now, as long as something runs or waits."""
        return 0.0 if self._known or self._runs or (self._waiting and not self._closing) else None

    def tick(self) -> Iterator[Outcome]:
        """Waits a moment for what runs, and begins what waits."""
        with self._busy:
            if self._runs and not self._known:
                self._collect(SLICE)
            self._begin()
            known, self._known = self._known, []
        return iter(known)

    def close(self) -> None:
        """Gives what runs a few seconds to end, then ends it: `tick` gives the outcomes. What waits has none, and is given
        again at the next start.

        Any thread may call it. While another one is at it, it returns at once, and the programs have no more time.
        """
        self._closing += 1
        self._runs.wake()
        if self._busy.acquire(blocking=False):
            try:
                while self._runs:
                    self._runs.hasten(0.0 if self._closing > 1 else PATIENCE, "Vigilog is stopping")
                    self._collect(PATIENCE)
                self._runs.close()
            finally:
                self._busy.release()

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

    def _begin(self) -> None:
        while self._waiting and len(self._runs) < self._parallel and not self._closing:
            order = self._waiting.popleft()
            wrong = program.fault(self._path)
            if not wrong:
                try:
                    self._runs.begin(order, self._path, self._environment(order), self._time_limit)
                except OSError as error:
                    wrong = _START_ERRORS.get(error.errno or 0) or error.strerror or str(error)
            if wrong:
                self._known.append(Outcome(order, done=False, reason=f"{self._path} was not run: {wrong}"))

    def _collect(self, seconds: float) -> None:
        self._known += [self._outcome(ended) for ended in self._runs.step(seconds)]

    def _outcome(self, ended: Ended) -> Outcome:
        lines = [shown_bytes(line) for line in ended.said.splitlines() if line.strip()]
        for line in lines:
            self._log(f"{self._path}: {line}")
        how = _how(ended.status)
        parts = [f"{how}, because {ended.why}" if ended.why else how, *ended.notes]
        if lines:
            parts.append(f"it said: {lines[-1]}")
        return Outcome(ended.order, done=ended.status == 0 and not ended.why, reason="; ".join(parts))


def _how(status: int | None) -> str:
    if status is None:
        return "it cannot be killed"
    return f"killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
