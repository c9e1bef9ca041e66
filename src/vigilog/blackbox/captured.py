"""What was taken of one log call, and the line that a block shows of it:

2026-11-20 08:14:30,317 shop.database DEBUG: 3 rows of orders
Traceback (most recent call last):
...
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import NamedTuple

from vigilog.blackbox.bounded import Texts
from vigilog.core.clock import local


class Captured(NamedTuple):
    """One log call, its text made. `moment` is in seconds since the epoch, `level` as `logging` counts."""

    logger: str
    level: int
    moment: float
    message: str


def line(logger: str, level: int, moment: float, text: str) -> bytes:
    """The line of a block, and those of a traceback, without a newline at the end."""
    return f"{stamp(moment)} {logger} {logging.getLevelName(level)}: {text}".encode("utf-8", "backslashreplace")


def text_of(message: str, arguments: tuple[object, ...]) -> str:
    """`message % arguments`, which are immutable and small; `message` if there are none. Never raises an Exception."""
    if not arguments:
        return message
    try:
        return message % arguments
    except Exception:  # noqa: BLE001 - what does not go together is shown side by side
        return Texts().percent(message, arguments)


def stamp(moment: float) -> str:
    """`moment` as `logging` and ProFTPD write it, in this machine's zone: `2026-11-20 08:14:30,317`."""
    second = int(moment // 1)
    return f"{_second(second)},{int((moment - second) * 1000):03}"


@lru_cache(maxsize=256)
def _second(second: int) -> str:
    return local(second).strftime("%Y-%m-%d %H:%M:%S")
