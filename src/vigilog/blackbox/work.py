"""A session that the code of one block works for, and how it goes along into other threads."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from contextvars import Token
from functools import wraps
from typing import ParamSpec, TypeVar

from vigilog.blackbox.current import CURRENT
from vigilog.blackbox.last_words import last_words
from vigilog.blackbox.session import Session

P = ParamSpec("P")
R = TypeVar("R")


class Work:
    """`with Work(session):` whatever is logged in the block belongs to `session`, also what asyncio tasks log that are
    begun in it, and what runs by `asyncio.to_thread`. At the end of the block the session ends: by an Exception it is an
    untimely death, and what is kept is written. SystemExit, KeyboardInterrupt and a task's cancellation are no deaths.
    """

    __slots__ = ("_session", "_token")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._token: Token[Session | None] | None = None

    def __enter__(self) -> Session:
        self._token = CURRENT.set(self._session)
        return self._session

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if self._token is not None:
            with suppress(ValueError):  # a generator may be ended in another context than it was begun in
                CURRENT.reset(self._token)
        if isinstance(error, Exception):
            last_words(self._session, error)
            self._session.end("UNTIMELY DEATH")
        else:
            self._session.end()


def carried(function: Callable[P, R]) -> Callable[P, R]:
    """`function`, working for the session that is at work now: for threads and executors, which start without one.

    executor.submit(carried(work), 1)
    """
    session = CURRENT.get()

    @wraps(function)
    def work(*arguments: P.args, **named: P.kwargs) -> R:
        token = CURRENT.set(session)
        try:
            return function(*arguments, **named)
        finally:
            CURRENT.reset(token)

    return work
