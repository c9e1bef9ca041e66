"""The control socket of `vigilog run`: how commands talk to the daemon."""

from __future__ import annotations

from vigilog.control_client import NotAllowed, NotRunning, Refused, ask

__all__ = ["NotAllowed", "NotRunning", "Refused", "ask"]
