"""What is worth a picture in a Section: its events over time, by hour and weekday if there are days to compare, and the first
rows of the tables that say so. Drawn by matplotlib (extra `html`), which is imported when the first one is drawn."""

from __future__ import annotations

import time
from calendar import timegm
from collections import Counter
from importlib.util import find_spec
from typing import NamedTuple

from vigilog.core.visible import shown
from vigilog.report.section import Section, Series, Table

WIDE = 660
NARROW = 324
MOST_ROWS = 10
_MOST_SERIES = 3
_LONGEST_WORD = 26
_HOUR = 3600
_DAY = 86_400
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

Span = tuple[float, float] | None
"""From when to when events are shown, in seconds since the epoch; None: as far as there are any."""


class Picture(NamedTuple):
    """A PNG, what it shows in words, and how wide it is at most, in CSS pixels."""

    png: bytes
    words: str
    width: int


def can_draw() -> bool:
    """Whether matplotlib is installed."""
    return find_spec("matplotlib") is not None


def pictures(section: Section, span: Span = None) -> list[Picture]:
    """The pictures of a section, the wide ones first."""
    series = [local_series(each) for each in section.events[:_MOST_SERIES] if each.points]
    tables = [table for table in section.tables if table.drawn and len(table.rows) > 1]
    if not series and not tables:
        return []
    from vigilog.report import html_drawing  # noqa: PLC0415 - loads matplotlib

    drawn = []
    if series:
        drawn.append(Picture(html_drawing.over_time(series, local_span(span)), _in_words(series), WIDE))
        first = series[0]
        if len({at // _DAY for at, _ in first.points}) > 1:
            grid = by_weekday(first)
            drawn.append(Picture(html_drawing.weekdays(first.title, grid, _DAYS), f"{first.title} by weekday and hour", WIDE))
    for table in tables:
        rows = ranking(table)
        words = f"{table.title}: " + ", ".join(f"{word} {count:,}" for word, count in rows)
        drawn.append(Picture(html_drawing.bars(table.title, rows), words, NARROW))
    return drawn


def local_seconds(moment: float) -> int:
    """What the clock on this machine's wall shows at `moment`, as seconds: a day has 86,400 of them, midnight is a multiple."""
    return timegm(time.localtime(moment))


def local_series(series: Series) -> Series:
    """The same by the clock on the wall. What is shown twice on it (the end of summer time) is counted together."""
    counts: Counter[int] = Counter()
    for moment, count in series.points:
        counts[local_seconds(moment)] += count
    return Series(series.title, tuple((float(at), counts[at]) for at in sorted(counts)))


def local_span(span: Span) -> Span:
    """The same by the clock on the wall."""
    return (float(local_seconds(span[0])), float(local_seconds(span[1]))) if span else None


def by_weekday(series: Series) -> list[list[float]]:
    """A local series as seven days (from Monday on) of 24 hours: how many there were in such an hour on an average, between the
    first event and the last."""
    hours = [int(at) // _HOUR for at, _ in series.points]
    there_were = Counter(map(_of_the_week, range(hours[0], hours[-1] + 1)))
    grid = [[0.0] * 24 for _ in range(7)]
    for hour, (_, count) in zip(hours, series.points, strict=True):
        place = _of_the_week(hour)
        grid[place[0]][place[1]] += count / there_were[place]
    return grid


def _of_the_week(hour: int) -> tuple[int, int]:
    """Weekday (0 is Monday) and hour of the day; hour 0 was the first of Thursday, the first of January 1970."""
    day, hour_of_day = divmod(hour, 24)
    return (day + 3) % 7, hour_of_day


def ranking(table: Table) -> list[tuple[str, float]]:
    """The first rows of a table, each a harmless word of limited length and a number."""
    return [(_short(shown(str(row[0]))), _number(row[-1])) for row in table.rows[:MOST_ROWS]]


def _number(cell: str | float) -> float:
    return 0 if isinstance(cell, str) else cell


def _short(word: str) -> str:
    half = _LONGEST_WORD // 2
    return word if len(word) <= _LONGEST_WORD else f"{word[: half - 1]}…{word[-half:]}"


def _in_words(series: list[Series]) -> str:
    return "; ".join(f"{each.title} over time: {sum(count for _, count in each.points):,} in all" for each in series)
