"""The session that the running code works for, in this thread or asyncio task."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vigilog.blackbox.session import Session

CURRENT: ContextVar[Session | None] = ContextVar("vigilog.blackbox.current", default=None)
"""The current session, or None outside of all."""
