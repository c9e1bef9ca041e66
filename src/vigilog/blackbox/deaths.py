"""Deaths by an exception that nobody caught, as far as Python itself can tell of them.

What was hooked there before is called as before, and is there again afterwards.
"""

from __future__ import annotations

import sys
import threading
from contextvars import Context
from typing import Any

from vigilog.blackbox.current import CURRENT
from vigilog.blackbox.hooks import Hooks
from vigilog.blackbox.last_words import last_words
from vigilog.blackbox.session import Session

DEATH = "UNTIMELY DEATH"
LOOPS = {"asyncio.base_events": "BaseEventLoop", "uvloop": "Loop"}
"""Classes of loops, by their modules."""


class Deaths:
    """Watches this process from `start` to `stop`. An exception outside of all sessions is told of in the session `process`, if
    there is one.

    An exception that ends a thread, or that an asyncio loop is told of: a block of the session it came from, which goes on.
    Loops are watched if asyncio was imported before. One that ends the program is the box's business (BlackBox.at_exit).
    """

    def __init__(self, process: Session | None = None) -> None:
        self._process = process
        self._hooks = Hooks()

    def start(self) -> None:
        """Takes the hooks."""
        self._of_threads()
        for module, loop in LOOPS.items():
            if module in sys.modules:
                self._of_loops(getattr(sys.modules[module], loop))

    def stop(self) -> None:
        """Gives the hooks back."""
        self._hooks.undo()

    def _of_threads(self) -> None:
        former = threading.excepthook

        def excepthook(arguments: Any, /) -> None:
            if isinstance(arguments.exc_value, Exception):
                name = arguments.thread.name if arguments.thread else "that is gone"
                self._tell(CURRENT.get(), arguments.exc_value, f"the thread {name}")
            former(arguments)

        self._hooks.take(threading, "excepthook", excepthook)

    def _of_loops(self, loop: Any) -> None:
        former = loop.call_exception_handler

        def call_exception_handler(self_: Any, context: dict[str, Any]) -> None:
            error = context.get("exception")
            if isinstance(error, Exception):
                self._tell(_session_of(context), error, str(context.get("message")))
            former(self_, context)

        self._hooks.take(loop, "call_exception_handler", call_exception_handler)

    def _tell(self, session: Session | None, error: BaseException, where: str) -> None:
        session = session or self._process
        if session is not None:
            last_words(session, error, where)
            session.dump(DEATH)


def _session_of(context: dict[str, Any]) -> Session | None:
    """The session of a task or a callback that an asyncio loop was told of; None where that is not known: of a task
    Python tells its context from 3.12 on."""
    for name in ("task", "future", "handle"):
        about: Any = context.get(name)
        known = about.get_context() if hasattr(about, "get_context") else getattr(about, "_context", None)
        if isinstance(known, Context):
            session: Session | None = known.get(CURRENT)
            return session
    return CURRENT.get()
