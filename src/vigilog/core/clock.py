"""The only place that reads the wall clock. Time is handed on as seconds since the epoch; tests hand in their own."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

Clock = Callable[[], float]
"""Gives the present time, in seconds since the epoch."""


wall: Clock = time.time
"""The present time in seconds since the epoch. It is Python's own function: the black box asks for it at each message."""


def local(moment: float) -> datetime:
    """`moment`, in seconds since the epoch, as an aware time in this machine's zone."""
    return datetime.fromtimestamp(moment).astimezone()
