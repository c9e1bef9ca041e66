"""What a service has to say for a range of time, whatever it is shown as: the seam between services and what renders them.

Text in it is as the log had it (`text`), hostile and not yet made harmless: whoever renders does that for what he renders.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

Moment = Callable[[bytes], float | None]
"""When a line says that it was written, in seconds since the epoch; None if it does not say."""

Cell = str | int | float


class Table(NamedTuple):
    """Rows under a title, the most important first. Shown from `detail` (logwatch's 0 to 10) on. `drawn`: its first
    rows are worth a picture, of their first cell and their last one, a number."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    detail: int = 0
    drawn: bool = False


class Series(NamedTuple):
    """How many of something there were over time: the start of a bucket of BUCKET seconds (since the epoch), and how many.
    Sorted; buckets in which nothing was are left out."""

    title: str
    points: tuple[tuple[float, int], ...]


class Section(NamedTuple):
    """`unmatched`: lines of the service that it does not understand, and how often each was there, the most frequent first.
    `lines`: how many lines were the service's own, those that it does not understand among them."""

    service: str
    title: str
    tables: tuple[Table, ...]
    unmatched: tuple[tuple[str, int], ...]
    events: tuple[Series, ...]
    lines: int


BUCKET = 600
"""Seconds of a bucket of a Series."""


def text(data: bytes) -> str:
    """Bytes of a log as text; what is no UTF-8 in them becomes lone surrogates, which `core.visible` spells out."""
    return data.decode("utf-8", "surrogateescape")
