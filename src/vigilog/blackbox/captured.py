"""What was taken of one log call, and the line that a block shows of it:

2026-11-20 08:14:30,317 shop.database DEBUG: 3 rows of orders
Traceback (most recent call last):
...
"""

from __future__ import annotations

from typing import NamedTuple

from vigilog.blackbox.bounded import Texts


class Captured(NamedTuple):
    """One log call, its text made. `moment` is in seconds since the epoch, `level` as `logging` counts."""

    logger: str
    level: int
    moment: float
    message: str


def encoded(text: str) -> bytes:
    """`text` in UTF-8; what cannot be written in it is escaped as Python does."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace")


def text_of(message: str, arguments: tuple[object, ...]) -> str:
    """`message % arguments`, which are immutable and small; `message` if there are none. Never raises an Exception."""
    if not arguments:
        return message
    try:
        return message % arguments
    except Exception:  # noqa: BLE001 - what does not go together is shown side by side
        return Texts().percent(message, arguments)
