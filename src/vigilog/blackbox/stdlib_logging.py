"""The methods of `logging` that capture replaces, as Python has them. None of these is ever called: capture compares what they
are compiled to with what it finds (see same_code), to know whether its own functions do the same."""
# ruff: noqa: RET506

from __future__ import annotations

from typing import Any

DEBUG = INFO = WARNING = ERROR = CRITICAL = 0
raiseExceptions = True  # noqa: N816 - its name in `logging`
LogRecord: Any = None


def debug(self: Any, msg: Any, *args: Any, **kwargs: Any) -> None:
    """Python 3.11 to 3.14."""
    if self.isEnabledFor(DEBUG):
        self._log(DEBUG, msg, args, **kwargs)


def info(self: Any, msg: Any, *args: Any, **kwargs: Any) -> None:
    """Python 3.11 to 3.14."""
    if self.isEnabledFor(INFO):
        self._log(INFO, msg, args, **kwargs)


def warning(self: Any, msg: Any, *args: Any, **kwargs: Any) -> None:
    """Python 3.11 to 3.14."""
    if self.isEnabledFor(WARNING):
        self._log(WARNING, msg, args, **kwargs)


def error(self: Any, msg: Any, *args: Any, **kwargs: Any) -> None:
    """Python 3.11 to 3.14."""
    if self.isEnabledFor(ERROR):
        self._log(ERROR, msg, args, **kwargs)


def critical(self: Any, msg: Any, *args: Any, **kwargs: Any) -> None:
    """Python 3.11 to 3.14."""
    if self.isEnabledFor(CRITICAL):
        self._log(CRITICAL, msg, args, **kwargs)


def log(self: Any, level: Any, msg: Any, *args: Any, **kwargs: Any) -> None:
    """Python 3.11 to 3.14."""
    if not isinstance(level, int):
        if raiseExceptions:
            raise TypeError("level must be an integer")
        else:
            return
    if self.isEnabledFor(level):
        self._log(level, msg, args, **kwargs)


def adapter_log(self: Any, level: Any, msg: Any, *args: Any, **kwargs: Any) -> None:
    """Python 3.11 to 3.14."""
    if self.isEnabledFor(level):
        msg, kwargs = self.process(msg, kwargs)
        self.logger.log(level, msg, *args, **kwargs)


def handle(self: Any, record: Any) -> None:
    """Python 3.11."""
    if (not self.disabled) and self.filter(record):
        self.callHandlers(record)


def handle_312(self: Any, record: Any) -> None:
    """Python 3.12 and 3.13."""
    if self.disabled:
        return
    maybe_record = self.filter(record)
    if not maybe_record:
        return
    if isinstance(maybe_record, LogRecord):
        record = maybe_record
    self.callHandlers(record)
