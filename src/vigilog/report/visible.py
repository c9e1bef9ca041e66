"""Reports are written through what makes log text harmless (`core.visible`)."""

from __future__ import annotations

from collections.abc import Callable

from vigilog.core.visible import visible

Write = Callable[[bytes], object]
"""Takes the next bytes of a rendered report."""


def visibly(write: Write) -> Write:
    """A `write` that makes what it is given harmless first. What it is given must be whole lines."""
    return lambda lines: write(visible(lines))
