"""Capture of messages that pass their logger's level: they are taken where their record is handled.

What has to be asked for its text is taken when the handlers are done: by then one of them has asked, and nothing is asked a
second time. A text with immutable arguments is taken before.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from vigilog.blackbox import stdlib_logging
from vigilog.blackbox.bounded import MESSAGE, cut
from vigilog.blackbox.capture import Capture, size_as_is
from vigilog.blackbox.captured import Captured
from vigilog.blackbox.same_code import same_code
from vigilog.blackbox.session import Session
from vigilog.blackbox.tracebacks import end_of, of_exception

Function = Callable[..., Any]


def handle(capture: Capture, former: Function) -> Function:
    """What takes the place of Logger.handle."""
    if same_code(former, stdlib_logging.handle):
        return _handle_311(capture)
    if same_code(former, stdlib_logging.handle_312):
        return _handle_312(capture)
    return _around(capture, former)


def _handle_311(capture: Capture) -> Function:
    get, before, after = capture.current, _before, _after

    def handle(self: Any, record: Any) -> None:
        session: Any = get()
        taken = session is None or before(capture, session, record)
        try:
            if (not self.disabled) and self.filter(record):
                self.callHandlers(record)
        finally:
            if not taken:
                after(capture, session, record)

    return handle


def _handle_312(capture: Capture) -> Function:
    get, before, after, of_record = capture.current, _before, _after, logging.LogRecord

    def handle(self: Any, record: Any) -> None:
        session: Any = get()
        taken = session is None or before(capture, session, record)
        try:
            if self.disabled:
                return
            maybe_record = self.filter(record)
            if not maybe_record:
                return
            if isinstance(maybe_record, of_record):
                record = maybe_record
            self.callHandlers(record)
        finally:
            if not taken:
                after(capture, session, record)

    return handle


def _around(capture: Capture, former: Function) -> Function:
    get, before, after = capture.current, _before, _after

    def handle(self: Any, record: Any) -> None:
        session: Any = get()
        taken = session is None or before(capture, session, record)
        try:
            former(self, record)
        finally:
            if not taken:
                after(capture, session, record)

    return handle


def _before(capture: Capture, session: Session, record: logging.LogRecord) -> bool:
    """Whether `record` is taken now, before any handler sees it."""
    try:
        arguments = record.args
        if record.exc_info or record.stack_info or type(arguments) is not tuple or record.levelno >= capture.watched_from:
            return False
        size = size_as_is(record.msg, arguments) if capture.all_kept else 0
        if not size:
            return False
        capture.put(session, record.name, record.levelno, record.created, record.msg, arguments, size)
    except Exception:  # noqa: BLE001 - a record that is no usual one; and the program has to go on
        return False
    return True


def _after(capture: Capture, session: Session, record: logging.LogRecord) -> None:
    try:
        text = record.__dict__.get("message")
        if type(text) is not str:
            arguments = record.args
            text = capture.text(record.msg, arguments if type(arguments) is tuple else (arguments,) if arguments else ())
        capture.give(session, Captured(record.name, record.levelno, record.created, cut(text, MESSAGE)), _below(record))
    except Exception:  # noqa: BLE001 - as above
        return


def _below(record: logging.LogRecord) -> str:
    parts = []
    if record.exc_info:
        text = record.exc_text
        parts.append(end_of(text) if type(text) is str else of_exception(record.exc_info[1]))
    if record.stack_info:
        parts.append(end_of(record.stack_info))
    return "\n".join(parts)
