"""Methods of other libraries, replaced for a while."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

from vigilog.blackbox.same_code import in_place_of
from vigilog.core.errors import ConfigurationError

MARK = "captured_by_vigilog"
"""An attribute of functions that stand in for others."""


def nobody() -> None:
    """No session is at work."""


class Replaced:
    """Replaces methods by others that learn from a variable `get` of theirs which session is at work."""

    def __init__(self) -> None:
        self._put: list[tuple[type, str, FunctionType, Callable[..., Any]]] = []

    def put(self, owner: type, name: str, ours: Callable[..., Any]) -> None:
        """`ours` becomes the method `name` of `owner`, and passes as what was there. Raises ConfigurationError if
        another one of ours is there."""
        former = owner.__dict__[name]
        if getattr(former, MARK, False):
            raise ConfigurationError(
                f"messages of {owner.__module__} are captured already", expected="one recorder at a time", remedy="share it"
            )
        if isinstance(former, FunctionType):
            ours = in_place_of(former, ours)
        setattr(ours, MARK, True)
        setattr(owner, name, ours)
        self._put.append((owner, name, former, ours))

    def undo(self) -> None:
        """All are as they were. Where somebody has replaced ours meanwhile, theirs stays, and ours does nothing of its own
        any more. A second call does nothing."""
        while self._put:
            owner, name, former, ours = self._put.pop()
            if owner.__dict__.get(name) is ours:
                setattr(owner, name, former)
            silence(ours)


def silence(ours: Callable[..., Any]) -> None:
    """From now on no session is at work as `ours` sees it."""
    if isinstance(ours, FunctionType) and "get" in ours.__code__.co_freevars and ours.__closure__:
        ours.__closure__[ours.__code__.co_freevars.index("get")].cell_contents = nobody
