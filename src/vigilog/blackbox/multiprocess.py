"""The end of a child of `multiprocessing`: it calls os._exit when all is well, which would look like a death."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any, Protocol

from vigilog.blackbox.criteria import UntimelyDeath
from vigilog.blackbox.last_words import last_words
from vigilog.blackbox.session import Session


class Box(Protocol):
    """What is to be closed."""

    def sessions(self) -> list[Session]: ...
    def close(self) -> None: ...


def end_with_it(box: Box) -> None:
    """To be called in a process that was just forked: if multiprocessing did that, `box` is closed when it ends the child. What
    its function raised is the death of the sessions that are open then."""
    util: Any = sys.modules.get("multiprocessing.util")
    if util is not None:
        # multiprocessing forgets what is to be finalized right after the fork, and then calls what is registered for it.
        util.register_after_fork(box, lambda box: util.Finalize(None, partial(_end, box), exitpriority=0))


def _end(box: Box) -> None:
    error = sys.exception()
    if isinstance(error, Exception):
        for session in box.sessions():
            last_words(session, error, "a child process")
            session.end(UntimelyDeath.kind)
    box.close()
