"""The name of the request that is being worked on here: in this task, or in this thread."""

from __future__ import annotations

from contextvars import ContextVar

FORENSIC_ID: ContextVar[str] = ContextVar("forensic_id", default="-")
"""The request's name; `-` where there is none, as Apache's access log has it.

It is not taken back when the request ends, because servers write their access log after that. So in a thread that
serves one request after the other it is the last one's until the next begins.
"""
