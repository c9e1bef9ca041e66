"""The black box inside a program, all of it at once: what is logged, what the program dies of, and what the user asks for.

box = BlackBox("/var/log/shop/forensic.log", directory="/var/lib/shop/blackbox", service="shop")
with Recorder(box, on_demand=signal.SIGUSR2) as recorder:
    ...
    with recorder.session(Facts(client_address="192.0.2.7")) as session:
        ...
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, Self

from vigilog.blackbox.box import BlackBox
from vigilog.blackbox.capture import OPAQUE, Capture
from vigilog.blackbox.capture_logging import capture_logging
from vigilog.blackbox.deaths import Deaths
from vigilog.blackbox.facts import Facts
from vigilog.blackbox.fatal_signals import FatalSignals
from vigilog.blackbox.hooks import Hooks
from vigilog.blackbox.last_words import last_words
from vigilog.blackbox.on_demand import KIND, OnDemand
from vigilog.blackbox.session import Session
from vigilog.blackbox.stop_signal import close_at_stop
from vigilog.blackbox.triggers import Trigger, of_criteria
from vigilog.blackbox.work import Work
from vigilog.core.errors import ConfigurationError


class Undoing(Protocol):
    """What a change of another library gives."""

    def undo(self) -> None:
        """The library is as it was."""


class Recorder:
    """Records this process into `box`, from `start` to `stop` (or in a `with`).

    `types` gives log types to loggers (see LogTypes); `triggers` are messages that set off a block; `opaque` are types whose
    objects are never asked for their text. With `process` there is a session for what is logged outside of all others,
    about which these facts are known; it lasts until `stop`. The signal `on_demand` writes a block of every open
    session. With `deaths` faulthandler is turned on (see FatalSignals), the hooks of Python are taken that tell of
    exceptions nobody caught, and SIGTERM and SIGHUP, where they would end the program at once, end it as a normal stop
    does. `also` are more libraries to capture from: capture_structlog, capture_loguru.
    """

    def __init__(
        self,
        box: BlackBox,
        *,
        types: Mapping[str, str] | None = None,
        triggers: Iterable[Trigger] = (),
        opaque: Iterable[type | str] = OPAQUE,
        process: Facts | None = None,
        on_demand: signal.Signals | None = None,
        deaths: bool = True,
        also: Iterable[Callable[[Capture], Undoing]] = (),
    ) -> None:
        self.box = box
        self.process = box.begin(process) if process is not None else None
        watched = (*triggers, *of_criteria(box.criteria))
        self.capture = Capture(
            kept=box.capture, types=types, triggers=watched, opaque=opaque, clock=box.clock, process=self.process
        )
        self._on_demand = OnDemand(on_demand, self.dump) if on_demand is not None else None
        self._deaths = deaths
        self._sources = (capture_logging, *also)
        self._faults = FatalSignals(box)
        self._hooks = Hooks()

    def start(self) -> Self:
        """Begins to record. Raises ConfigurationError if another recorder is at work in this process, and if the signal
        `on_demand` cannot be had, outside of the main thread."""
        try:
            for source in self._sources:
                self._hooks.then(source(self.capture).undo)
            if self._on_demand:
                self._on_demand.start()
                self._hooks.then(self._on_demand.stop)
        except ConfigurationError:
            self._hooks.undo()
            raise
        if self._deaths:
            self._faults.start()
            self._hooks.then(self._faults.stop)
            deaths = Deaths(self.process)
            deaths.start()
            self._hooks.then(deaths.stop)
            close_at_stop(self.box, self._hooks)
        return self

    def stop(self) -> None:
        """Everything is as it was, and `process` has ended. The box stays open. A second call does nothing."""
        self._hooks.undo()
        if self.process is not None:
            self.process.end()

    def session(self, facts: Facts | None = None) -> Work:
        """`with recorder.session(facts) as session:` what is logged in the block belongs to a session of its own."""
        return Work(self.begin(facts))

    def begin(self, facts: Facts | None = None) -> Session:
        """A new session, which nothing belongs to by itself: for whoever carries it along, as the middleware does."""
        session = self.box.begin(facts)
        self._faults.here()
        return session

    def dump(self, kind: str = KIND) -> int:
        """Writes a block of every session that is open, on demand; how many were written."""
        return sum(session.dump(kind, on_demand=True) for session in self.box.sessions())

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and self.process is not None:
            last_words(self.process, error, "the program")
            self.process.end("UNTIMELY DEATH")
        self.stop()
