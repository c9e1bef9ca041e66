"""The range of a report, in logwatch's words (logwatch 7.7): `RANGE [for that PERIOD]`.

    yesterday | today | all | DATE | between DATE and DATE | since DATE
    for (that|this|those) (year|month|day|hour|minute|second)[s]

The period, else a day, is how finely a line's time is compared: a range is a list of instants, and a line belongs to it if its
time agrees with one of them in all fields that are not finer than the period.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from vigilog.core.clock import local
from vigilog.core.errors import VigilogError
from vigilog.core.nouns import Place
from vigilog.reporting.dates import moment

PERIODS = ("year", "month", "day", "hour", "minute", "second")
_DAY = 86_400
_PERIOD = re.compile(r"for\s+(?:those|that|this)\s+(year|month|day|hour|minute|second)s?\s*$")
_BETWEEN = re.compile(r"between\s+(.*)\s+and\s+(.*)\s*$")
_SINCE = re.compile(r"\s*since\s+(.*)")
_SECONDS = {"hour": 3600, "minute": 60, "second": 1}


class RangeNotUnderstood(VigilogError):
    """A range that no reading fits."""


@dataclass(frozen=True)
class Range:
    """`text`: what was asked for, in lower case. `period`: one of PERIODS, or `all`, any time. `instants`: seconds since the
    epoch, the earliest first."""

    text: str
    period: str
    instants: tuple[float, ...]

    @property
    def everything(self) -> bool:
        """Whether every time belongs to it."""
        return self.period == "all"

    @property
    def begin(self) -> float:
        """From when on a line can belong to it, in seconds since the epoch; at most a day (UTC) too early."""
        first = local(self.instants[0])
        if self.everything:
            return 0.0
        if self.period == "year":
            return first.replace(month=1, day=1, hour=0, minute=0, second=0).timestamp()
        if self.period == "month":
            return first.replace(day=1, hour=0, minute=0, second=0).timestamp()
        return self.instants[0]


def understood(text: str, now: float) -> Range:
    """The range that `text` names at the moment `now` (seconds since the epoch). Raises RangeNotUnderstood, MissingExtra."""
    lowered = text.lower() or "yesterday"
    if lowered == "all":
        return Range(lowered, "all", (1.0,))
    found = _PERIOD.search(lowered)
    period = found[1] if found else "day"
    range_text = lowered[: found.start()] if found else lowered
    instants = _instants(range_text, period, now)
    if not instants:
        raise RangeNotUnderstood(
            f'the range "{text}" is not understood',
            place=Place("--range"),
            expected="today, yesterday, all, a date, `between DATE and DATE` or `since DATE`",
            remedy="`vigilog report --range help` shows examples",
        )
    return Range(lowered, period, instants)


def _instants(text: str, period: str, now: float) -> tuple[float, ...]:
    # These two are not days of the calendar: yesterday is 86,400 seconds ago, whatever the clocks did in between.
    if text == "yesterday":
        return (now - _DAY,)
    if text == "today":
        return (now,)
    between = _BETWEEN.match(text)
    since = _SINCE.match(text)
    if between or since:
        one, other = (between[1], between[2]) if between else (since[1], "now") if since else ("", "")
        first, last = moment(one, now), moment(other, now)
        return () if first is None or last is None else tuple(_steps(min(first, last), max(first, last), period))
    single = moment(text, now)
    return () if not single else (single,)


def _steps(first: float, last: float, period: str) -> list[float]:
    """From `first` to `last`, a period apart, and `last` itself."""
    found = []
    at = first
    while at < last:
        found.append(at)
        at = _following(at, period)
    return [*found, last]


def _following(at: float, period: str) -> float:
    """The instant one period later: hours and less by the clock that knows no change of it, days and more by the calendar."""
    if period in _SECONDS:
        return at + _SECONDS[period]
    here = datetime.fromtimestamp(at)  # noqa: DTZ006 - a calendar's day, not 86,400 seconds
    if period == "day":
        return (here + timedelta(days=1)).timestamp()
    month = here.year * 12 + here.month - 1 + (12 if period == "year" else 1)
    for day in range(here.day, 27, -1):
        try:
            return here.replace(year=month // 12, month=month % 12 + 1, day=day).timestamp()
        except ValueError:
            continue
    return here.replace(year=month // 12, month=month % 12 + 1).timestamp()
