"""The exception that a session died of, as its last message."""

from __future__ import annotations

from vigilog.blackbox.session import Session
from vigilog.blackbox.tracebacks import of_exception
from vigilog.core.clock import wall

CRITICAL = 2


def last_words(session: Session, error: BaseException | None, where: str = "") -> None:
    """Keeps the traceback of `error` in `session`; `where` says what it escaped from."""
    text = f"an exception escaped{f' from {where}' if where else ''}\n{of_exception(error)}"
    session.keep("SystemLog", CRITICAL, text.encode("utf-8", "backslashreplace"), wall())
