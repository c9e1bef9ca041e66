"""A range as an expression for a line's time, and as stretches of seconds: what filters compare with.

`strftime`'s words in English whatever the locale; a field that is finer than the range's period stands for any value.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from vigilog.reporting.ranges import Range

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ANY = (
    ("second", (("%S", ".."),)),
    ("minute", (("%M", ".."),)),
    ("hour", (("%H", ".."),)),
    ("day", (("%a", "..."), ("%d", ".."), ("%e", ".."))),
    ("month", (("%b", "..."), ("%m", ".."))),
    ("year", (("%y", ".."), ("%Y", "...."))),
)
_FIELD = re.compile(r"%([%aAbBdeHMSmyYT])")
_FIELDS = ("year", "month", "day", "hour", "minute", "second")


def alternatives(form: str, wanted: Range) -> list[str]:
    """`form`, strftime's, for each instant of the range, in order, each once; regular expressions in it stay what they are."""
    form = form.replace("%T", "%H:%M:%S")
    for period, fields in _ANY:
        if period == wanted.period:
            break
        for field, anything in fields:
            form = form.replace(field, anything, 1)
    return list(dict.fromkeys(_written(form, datetime.fromtimestamp(at)) for at in wanted.instants))  # noqa: DTZ006 - local


def time_pattern(form: str, wanted: Range) -> str:
    """The same as one expression, a group."""
    return f"(?:{'|'.join(alternatives(form, wanted))})"


def _written(form: str, at: datetime) -> str:
    values = {
        "%": "%",
        "a": _DAYS[at.weekday()],
        "b": _MONTHS[at.month - 1],
        "d": f"{at.day:02}",
        "e": f"{at.day:2}",
        "H": f"{at.hour:02}",
        "M": f"{at.minute:02}",
        "S": f"{at.second:02}",
        "m": f"{at.month:02}",
        "y": f"{at.year % 100:02}",
        "Y": f"{at.year:04}",
    }
    return _FIELD.sub(lambda field: values.get(field[1], field[0]), form)


def stretches(wanted: Range) -> list[tuple[int, int]]:
    """The seconds since the epoch that belong to the range, as (first, behind the last), sorted, apart from each other. An hour
    that the clocks went through twice belongs to it twice."""
    if wanted.everything:
        return [(-(2**62), 2**62)]
    found: set[tuple[int, int]] = set()
    level = _FIELDS.index(wanted.period)
    for begin in dict.fromkeys(_beginning(datetime.fromtimestamp(at), level) for at in wanted.instants):  # noqa: DTZ006
        last = _next(begin, level) - timedelta(seconds=1)
        for fold in (0, 1):
            first, end = (int(at.replace(fold=fold).timestamp()) for at in (begin, last))
            if any(_beginning(datetime.fromtimestamp(at), level) == begin for at in (first, end)):  # noqa: DTZ006
                found.add((first, end + 1))
    joined: list[tuple[int, int]] = []
    for first, end in sorted(found):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((first, end))
    return joined


def _beginning(at: datetime, level: int) -> datetime:
    """`at` without what is finer than the field `level`."""
    fields = (at.year, at.month, at.day, at.hour, at.minute, at.second)
    lowest = (1, 1, 1, 0, 0, 0)
    return datetime(*(field if place <= level else low for place, (field, low) in enumerate(zip(fields, lowest, strict=True))))  # type: ignore[arg-type]  # noqa: DTZ001


def _next(begin: datetime, level: int) -> datetime:
    if level == 0:
        return begin.replace(year=begin.year + 1)
    if level == 1:
        return (begin + timedelta(days=31)).replace(day=1)
    return begin + (timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1))[level - 2]
