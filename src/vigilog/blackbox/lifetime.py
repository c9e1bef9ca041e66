"""The turns of a process's life that a black box has to know of."""

from __future__ import annotations

import atexit
import os
import weakref
from collections.abc import Callable
from typing import Protocol


class Living(Protocol):
    """Whoever is told."""

    def after_fork(self) -> None:
        """In the child of a fork."""

    def at_exit(self) -> None:
        """At the program's end, as far as Python sees it."""


def told(living: Living) -> Callable[[], None]:
    """From now on `living` is told; gives what undoes the end (a fork cannot be undone, but it is not held on to for that)."""
    reference = weakref.ref(living)

    def in_child() -> None:
        found = reference()
        if found is not None:
            found.after_fork()

    os.register_at_fork(after_in_child=in_child)
    atexit.register(living.at_exit)
    return lambda: atexit.unregister(living.at_exit)
