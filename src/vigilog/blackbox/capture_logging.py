"""Capture from `logging`: the methods of its Logger and LoggerAdapter are replaced.

A message that passes its logger's level is taken where its record is handled; one that does not is taken instead of nothing
being done, and no record is made of it. The program sees nothing of that: as many frames as before lie between a log call and a
handler, and they pass as `logging`'s own, which it skips when it looks for the caller. Where a method is not what this module
knows of Python (see stdlib_logging), because somebody has replaced it, ours calls theirs.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from vigilog.blackbox import stdlib_logging
from vigilog.blackbox.capture import ROOM, Capture
from vigilog.blackbox.capture_record import handle
from vigilog.blackbox.entry import OVERHEAD
from vigilog.blackbox.immutable import SCALARS, SIZED
from vigilog.blackbox.replaced import Replaced
from vigilog.blackbox.same_code import same_code
from vigilog.blackbox.session import Session
from vigilog.blackbox.tracebacks import of_argument, of_exception, of_stack

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
LARGE = 1 << 512
"""Above it the bytes of an integer are counted."""
Function = Callable[..., Any]


def capture_logging(capture: Capture) -> Replaced:
    """Replaces the methods, until `undo` of what is returned is called."""
    replaced = Replaced()
    for name, level in LEVELS.items():
        former = logging.Logger.__dict__[name]
        known = same_code(former, getattr(stdlib_logging, name))
        replaced.put(logging.Logger, name, _at_level(capture, level) if known else _around(capture, former, level))
    former = logging.Logger.__dict__["log"]
    known = same_code(former, stdlib_logging.log)
    replaced.put(logging.Logger, "log", _log(capture) if known else _around_log(capture, former))
    former = logging.LoggerAdapter.__dict__["log"]
    known = same_code(former, stdlib_logging.adapter_log)
    replaced.put(logging.LoggerAdapter, "log", _adapter_log(capture) if known else _around_log(capture, former))
    replaced.put(logging.Logger, "handle", handle(capture, logging.Logger.__dict__["handle"]))
    return replaced


def _at_level(capture: Capture, level: int) -> Function:
    get, now, message, heads, put = capture.current, capture.clock, capture.message, capture.heads[level], capture.put
    room, overhead, scalars, least, most = ROOM, OVERHEAD, SCALARS - SIZED, -LARGE, LARGE
    if level >= capture.watched_from or not capture.all_kept:
        room = -1

    # Much of what is said elsewhere is said here once more: a call costs as much as what it does.
    def method(self: Any, msg: Any, *args: Any, **kwargs: Any) -> None:
        if self.isEnabledFor(level):
            self._log(level, msg, args, **kwargs)
            return
        session = get()
        if session is None:
            return
        if type(msg) is str and not kwargs:
            size = overhead + len(msg)
            for argument in args:
                kind = type(argument)
                if kind is str:
                    size += len(argument)
                elif kind is int:
                    if not least < argument < most:
                        break
                elif kind not in scalars:
                    break
            else:
                if size <= room:
                    ring: Any = session.ring
                    if ring.deferred:
                        ring.append((message, self.name, level, now(), msg, args))
                        ring.left = left = ring.left - size
                        if left < 0:
                            ring.settle()
                        return
                    try:
                        log_type, severity, head = heads[self.name]
                        kind = ring.stamped[log_type]
                        text = (head + msg % args if args else head + msg).encode()
                    except (TypeError, ValueError, KeyError, OverflowError, MemoryError):
                        put(session, self.name, level, now(), msg, args, size)
                    else:
                        ring.put(now(), kind, severity, text)
                    return
        _aside(capture, session, self, level, msg, args, kwargs)

    return method


def _around(capture: Capture, former: Function, level: int) -> Function:
    get = capture.current

    def method(self: Any, msg: Any, *args: Any, **kwargs: Any) -> None:
        former(self, msg, *args, **kwargs)
        session = get()
        if session is not None and not self.isEnabledFor(level):
            _aside(capture, session, self, level, msg, args, kwargs)

    return method


def _log(capture: Capture) -> Function:
    get = capture.current

    def log(self: Any, level: Any, msg: Any, *args: Any, **kwargs: Any) -> None:
        if not isinstance(level, int):
            if logging.raiseExceptions:
                raise TypeError("level must be an integer")
            return
        if self.isEnabledFor(level):
            self._log(level, msg, args, **kwargs)
            return
        session = get()
        if session is not None:
            _aside(capture, session, self, level, msg, args, kwargs)

    return log


def _adapter_log(capture: Capture) -> Function:
    get = capture.current

    def log(self: Any, level: Any, msg: Any, *args: Any, **kwargs: Any) -> None:
        if self.isEnabledFor(level):
            msg, kwargs = self.process(msg, kwargs)
            self.logger.log(level, msg, *args, **kwargs)
            return
        session = get()
        if session is not None:
            _aside(capture, session, self, level, msg, args, kwargs)

    return log


def _around_log(capture: Capture, former: Function) -> Function:
    get = capture.current

    def log(self: Any, level: Any, msg: Any, *args: Any, **kwargs: Any) -> None:
        former(self, level, msg, *args, **kwargs)
        session = get()
        if session is not None and isinstance(level, int) and not self.isEnabledFor(level):
            _aside(capture, session, self, level, msg, args, kwargs)

    return log


def _aside(
    capture: Capture, session: Session, logger: Any, level: int, message: Any, arguments: Any, options: dict[str, Any]
) -> None:
    """Takes a message that did not pass its level, and is not of the simplest kind."""
    try:
        more = _below(options) if options else ""
        capture.take(session, str(logger.name), int(level), capture.clock(), message, arguments, more)
    except Exception:  # noqa: BLE001 - a logger of an unusual kind; and the program has to go on
        return


def _below(options: dict[str, Any]) -> str:
    parts = []
    information = options.get("exc_info")
    if information:
        parts.append(of_exception(of_argument(information)))
    if options.get("stack_info"):
        parts.append(of_stack(_caller()))
    return "\n".join(filter(None, parts))


def _caller() -> FrameType | None:
    """The frame that logs: the first outside of `logging` and of this file."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - as `logging` itself does
    while frame and frame.f_code.co_filename in (__file__, logging.info.__code__.co_filename):
        frame = frame.f_back
    return frame
