"""Functions of the program's own that the black box calls in the middle of a log call, and that log themselves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

R = TypeVar("R")


class NotAgain:
    """Calls a function, but not from within itself: that might never end."""

    __slots__ = ("_here",)

    def __init__(self) -> None:
        self._here = threading.local()

    def call(self, function: Callable[[], R], otherwise: R) -> R:
        """What `function` gives; `otherwise` if this thread is in such a call already."""
        here = self._here
        if getattr(here, "inside", False):
            return otherwise
        here.inside = True
        try:
            return function()
        finally:
            here.inside = False
