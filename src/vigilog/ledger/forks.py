"""Tells an object that its process is about to be forked, and its copy in the child that it is one. Keeps nothing alive."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Forked(Protocol):
    """What wants to know of forks."""

    def before_fork(self) -> None:
        """In the parent, before."""

    def after_fork(self) -> None:
        """In the child, before anything else of it runs."""


def tell_of_forks(whom: Forked) -> None:
    """From now on `whom` is told of each fork that Python knows of."""
    known = weakref.ref(whom)

    def before() -> None:
        if (it := known()) is not None:
            it.before_fork()

    def after() -> None:
        if (it := known()) is not None:
            it.after_fork()

    os.register_at_fork(before=before, after_in_child=after)
