"""Hooks of other modules, taken for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Hooks:
    """Takes hooks, and gives them back in the opposite order."""

    def __init__(self) -> None:
        self._given_back: list[Callable[[], None]] = []

    def take(self, owner: Any, name: str, ours: Any) -> None:
        """`ours` becomes `name` of `owner`. If somebody has put something else there by the time it is given back, that
        stays."""
        own = name in vars(owner)
        former = getattr(owner, name)
        setattr(owner, name, ours)

        def give_back() -> None:
            if getattr(owner, name) is not ours:
                return
            if own:
                setattr(owner, name, former)
            else:
                delattr(owner, name)

        self._given_back.append(give_back)

    def then(self, undo: Callable[[], None]) -> None:
        """`undo` is called when the hooks are given back."""
        self._given_back.append(undo)

    def undo(self) -> None:
        """Everything is as it was. A second call does nothing."""
        while self._given_back:
            self._given_back.pop()()
