"""One request of a web application, as a session: what the header says of it, and when it is written."""

from __future__ import annotations

import time
from collections.abc import Collection, Sized
from typing import NamedTuple, Protocol

from vigilog.blackbox.facts import Facts
from vigilog.blackbox.last_words import last_words
from vigilog.blackbox.session import Session

SERVER_ERROR = "SERVER ERROR"
SLOW = "SLOW REQUEST"
FAILED_LOGIN = "FAILED LOGIN"
DEATH = "UNTIMELY DEATH"


class Beginning(Protocol):
    """A BlackBox or a Recorder."""

    def begin(self, facts: Facts, /) -> Session:
        """A new session."""


class Conditions(NamedTuple):
    """When a request is written, besides an exception that escapes from it: a status of 500 or more, an answer that began later
    than `slow` seconds after the request (None: however late), a status of `failed_logins`."""

    slow: float | None = None
    failed_logins: Collection[int] = ()


class Request:
    """What happens to a request from its beginning to its end. Nothing here raises an Exception."""

    __slots__ = ("_answering", "_begun", "_conditions", "_late", "_status", "session")

    def __init__(self, session: Session, conditions: Conditions) -> None:
        self.session = session
        self._conditions = conditions
        self._begun = time.monotonic()
        self._answering = self._late = False
        self._status = 0

    def received(self, size: int) -> None:
        """So many bytes of its body came."""
        facts = self.session.facts
        facts.raw_bytes_in += size
        facts.total_bytes_in += size

    def answered(self, status: object) -> None:
        """The answer begins. A status that is no number is the server's business."""
        self._status = status if isinstance(status, int) else 0
        self.session.facts.extra["Status"] = str(status)

    def sent(self, size: int) -> None:
        """So many bytes of the answer's body are given to the server."""
        self._answers()
        facts = self.session.facts
        facts.raw_bytes_out += size
        facts.total_bytes_out += size

    def done(self) -> None:
        """The application is done with it."""
        self._answers()
        self.session.end(self._kind())

    def failed(self, error: BaseException) -> None:
        """`error` escaped from the application."""
        if isinstance(error, Exception | SystemExit):
            last_words(self.session, error, "the application")
            self.session.end(DEATH)
        else:
            self.session.end()

    def _kind(self) -> str | None:
        if self._status >= 500:
            return SERVER_ERROR
        if self._status in self._conditions.failed_logins:
            return FAILED_LOGIN
        return SLOW if self._late else None

    def _answers(self) -> None:
        if not self._answering:
            self._answering = True
            slow = self._conditions.slow
            self._late = slow is not None and time.monotonic() - self._begun > slow


def size_of(data: object) -> int:
    """How many bytes `data` is; 0 of what has no length: that is for the server to complain of."""
    return len(data) if isinstance(data, Sized) else 0
