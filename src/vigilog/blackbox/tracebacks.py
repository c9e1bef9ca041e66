"""Tracebacks and stacks as text, in bounded length."""

from __future__ import annotations

import sys
import traceback
from types import FrameType, TracebackType

from vigilog.blackbox.bounded import MESSAGE, cut

FRAMES = 64
"""Of each exception the innermost frames are shown, so many."""
LINE = 1024
"""Characters of a line."""

Information = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]


def of_exception(error: BaseException | None) -> str:
    """The traceback of `error` and what it came from, without a newline at the end; empty without an error. Never raises
    an Exception."""
    if error is None:
        return ""
    try:
        parts = traceback.TracebackException(type(error), error, error.__traceback__, limit=-FRAMES, compact=True).format()
        return end_of("".join(parts))
    except Exception as failed:  # noqa: BLE001 - whatever the error does when it is looked at, the program goes on
        return f"{type(error).__name__} (its traceback could not be had: {type(failed).__name__})"


def of_argument(information: object) -> BaseException | None:
    """The error that is meant by the argument `exc_info` of a log call."""
    if isinstance(information, BaseException):
        return information
    if isinstance(information, tuple):
        error = information[1] if len(information) == 3 else None
        return error if isinstance(error, BaseException) else None
    return sys.exception() if information else None


def of_stack(frame: FrameType | None) -> str:
    """The stack down to `frame` as `logging` shows it."""
    if frame is None:
        return ""
    return end_of("Stack (most recent call last):\n" + "".join(traceback.format_stack(frame, FRAMES)))


def end_of(text: str) -> str:
    """The last part of `text`, MESSAGE characters at most, in lines of no more than LINE each."""
    lines = [cut(line, LINE) for line in text[-4 * MESSAGE :].rstrip("\n").split("\n")]
    shown = "\n".join(lines)
    return shown if len(shown) <= MESSAGE else f"...{shown[-MESSAGE:]}"
