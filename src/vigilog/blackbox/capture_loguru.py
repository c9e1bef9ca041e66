"""Capture from loguru (0.7): the methods of its Logger are replaced.

    Recorder(box, also=(capture_loguru,))

A message below the level of every handler is taken instead of being dropped; functions given with `opt(lazy=True)` are
not called
for it. One that is logged is taken as the handlers get it. loguru counts frames to find the caller: there are as many as
before. Messages of modules that were switched off by `logger.disable`, and those of `logger.catch`, are not taken.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from vigilog.blackbox import loguru_methods
from vigilog.blackbox.bounded import MESSAGE, cut
from vigilog.blackbox.capture import Capture
from vigilog.blackbox.captured import Captured
from vigilog.blackbox.replaced import Replaced
from vigilog.blackbox.same_code import same_code
from vigilog.blackbox.tracebacks import of_argument, of_exception
from vigilog.core.errors import ConfigurationError

LEVELS = ("trace", "debug", "info", "success", "warning", "error", "critical")
EXCEPTION, DEPTH, LAZY, PATCHERS = 0, 1, 3, 7
"""Where they stand among the options of a logger."""


def capture_loguru(capture: Capture) -> Replaced:
    """Replaces the methods, until `undo` of what is returned is called. Raises ConfigurationError for a loguru whose
    methods are not those of 0.7."""
    import loguru  # noqa: PLC0415 - only programs that use it have it

    kind = type(loguru.logger)
    ours = {
        **{name: _at_level(capture, name.upper()) for name in LEVELS},
        "exception": _exception(capture),
        "log": _log(capture),
    }
    for name in ours:
        if not same_code(getattr(kind, name), getattr(loguru_methods.Logger, name)):
            raise ConfigurationError(
                f"loguru: its method {name} is not known to the black box", expected="loguru 0.7, unchanged"
            )
    replaced = Replaced()
    for name, method in ours.items():
        replaced.put(kind, name, method)
    return replaced


def _at_level(capture: Capture, level: str) -> Callable[..., None]:
    get = capture.current

    def method(self: Any, message: Any, /, *args: Any, **kwargs: Any) -> None:
        options = self._options
        session = get()
        if session is not None:
            options = _taking(capture, session, self, level, options, message, args, kwargs)
        self._log(level, False, options, message, args, kwargs)

    return method


def _exception(capture: Capture) -> Callable[..., None]:
    get = capture.current

    def exception(self: Any, message: Any, /, *args: Any, **kwargs: Any) -> None:
        options = (True, *self._options[1:])
        session = get()
        if session is not None:
            options = _taking(capture, session, self, "ERROR", options, message, args, kwargs)
        self._log("ERROR", False, options, message, args, kwargs)

    return exception


def _log(capture: Capture) -> Callable[..., None]:
    get = capture.current

    def log(self: Any, level: Any, message: Any, /, *args: Any, **kwargs: Any) -> None:
        options = self._options
        session = get()
        if session is not None:
            options = _taking(capture, session, self, level, options, message, args, kwargs)
        self._log(level, False, options, message, args, kwargs)

    return log


def _taking(
    capture: Capture, session: Any, logger: Any, level: Any, options: Any, message: Any, arguments: Any, named: Any
) -> Any:
    """Takes a message that no handler will see. For others it gives `options` by which the message is taken when it is made."""
    try:
        core = logger._core  # noqa: SLF001 - nothing public tells
        known = core.levels_lookup.get(level)
        number = known[2] if known else level
        if core.handlers and number >= core.min_level:

            def patcher(record: Any) -> None:
                _record(capture, session, record)

            return (*options[:PATCHERS], [*options[PATCHERS], patcher], *options[PATCHERS + 1 :])
        _below(capture, session, number, options, message, arguments, named)
    except Exception:  # noqa: BLE001 - a logger of an unusual kind; and the program has to go on
        return options
    return options


def _record(capture: Capture, session: Any, record: Any) -> None:
    try:
        error = record["exception"]
        more = of_exception(error.value) if error else ""
        name = record["name"] or "loguru"
        moment = record["time"].timestamp()
        capture.give(session, Captured(name, record["level"].no, moment, cut(str(record["message"]), MESSAGE)), more)
    except Exception:  # noqa: BLE001 - a record that another patcher has changed
        return


def _below(capture: Capture, session: Any, level: int, options: Any, message: Any, arguments: Any, named: Any) -> None:
    frame = sys._getframe(3 + options[DEPTH])  # noqa: SLF001 - as loguru does
    name = frame.f_globals.get("__name__") or "loguru"
    more = of_exception(of_argument(options[EXCEPTION])) if options[EXCEPTION] else ""
    if (arguments or named) and not options[LAZY]:
        text = capture.braces(message, arguments, named)
    else:
        text = capture.text(message, ())
    capture.give(session, Captured(name, level, capture.clock(), text), more)
