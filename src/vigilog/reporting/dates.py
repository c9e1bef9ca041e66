"""A date as people write it on a command line -> a moment: what Perl's Date::Manip reads for logwatch, in English.

Dates themselves are read by the library dateparser (extra `report`). What it does not know of Date::Manip's words is here:
`first monday in may`, weekdays by name, `epoch N`, and that days named without a time begin at midnight.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from vigilog.core.clock import local
from vigilog.core.errors import MissingExtra

_NUMBERS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1} | {
    f"{number}{end}": number for number, end in enumerate(("st", "nd", "rd", "th", "th"), 1)
}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_OF_MONTH = re.compile(rf"({'|'.join(_NUMBERS)})\s+([a-z]{{3,9}})\s+(?:in|of)\s+([a-z]{{3,9}})(?:,?\s+(\d{{4}}))?")
_WEEKDAY = re.compile(r"(?:(last|next)\s+)?([a-z]{3,9})")
_EPOCH = re.compile(r"epoch\s+(\d{1,11})")
_SETTINGS = {"DATE_ORDER": "MDY", "RETURN_AS_TIMEZONE_AWARE": False, "PREFER_DATES_FROM": "current_period"}
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_YEAR = re.compile(r"\d{4}")
_CLOCK_UNIT = re.compile(
    r"\d\s*(?:h|hr|hrs|hours?|m|mn|min|mins|minutes?|s|sec|secs|seconds?)\b|\b(?:an?|one|two)\s+(?:hour|minute)"
)
_AHEAD = re.compile(r"\+?\s*\d+\s*(?:hours?|hrs?|minutes?|mins?|seconds?|secs?|days?|weeks?|months?|years?)")
_WHOLE_DAY = re.compile(r"today|yesterday|tomorrow|(?:last|next)\s+(?:week|month|year)")


def moment(text: str, now: float) -> float | None:
    """The moment that `text` names, in seconds since the epoch; None if it names none. `now` is the same; local time is this
    machine's. Raises MissingExtra where the library is needed and missing."""
    words = " ".join(text.lower().split())
    here = local(now).replace(tzinfo=None)
    try:
        if epoch := _EPOCH.fullmatch(words):
            return float(epoch[1])
        if words == "now":
            return now
        day = _of_month(words, here) or _by_weekday(words, here)
        if day is None and _YEAR.fullmatch(words):
            day = datetime(int(words), 1, 1)  # noqa: DTZ001 - local time, as everywhere here
        if compact := _COMPACT.fullmatch(words):
            day = datetime(*map(int, compact.groups()))  # type: ignore[arg-type]  # noqa: DTZ001 - as above
        if day is not None:
            return day.timestamp()
        return _by_library(words, here, now)
    except (ValueError, OverflowError):
        return None


def _midnight(here: datetime) -> datetime:
    return here.replace(hour=0, minute=0, second=0, microsecond=0)


def _place(word: str, names: tuple[str, ...]) -> int | None:
    """Which of `names` a word is, from 0; three letters of it are enough, and nothing else may stand behind them."""
    return next((at for at, name in enumerate(names) if name.startswith(word) or (len(name) == 3 and word == _full(at))), None)


def _full(month: int) -> str:
    return f"{datetime(2000, month + 1, 1):%B}".lower()  # noqa: DTZ001 - only its name is asked


def _of_month(words: str, here: datetime) -> datetime | None:
    found = _OF_MONTH.fullmatch(words)
    if not found:
        return None
    month = _place(found[3], _MONTHS)
    if month is None:
        return None
    first = _midnight(here).replace(year=int(found[4] or here.year), month=month + 1, day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    number = _NUMBERS[found[1]]
    if found[2] == "day":
        return following - timedelta(days=1) if number < 0 else first + timedelta(days=number - 1)
    weekday = _place(found[2], _WEEKDAYS)
    if weekday is None:
        return None
    if number < 0:
        last = following - timedelta(days=1)
        return last - timedelta(days=(last.weekday() - weekday) % 7)
    day = first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))
    return day if day < following else None


def _by_weekday(words: str, here: datetime) -> datetime | None:
    """`monday` is this week's, which began on Monday; `last monday` the latest before today, `next` the first after."""
    found = _WEEKDAY.fullmatch(words)
    weekday = _place(found[2], _WEEKDAYS) if found else None
    if not found or weekday is None:
        return None
    ahead = weekday - here.weekday()
    if found[1] == "last":
        ahead = -((here.weekday() - weekday - 1) % 7 + 1)
    elif found[1] == "next":
        ahead = (weekday - here.weekday() - 1) % 7 + 1
    return _midnight(here) + timedelta(days=ahead)


def _by_library(words: str, here: datetime, now: float) -> float | None:
    try:
        from dateparser import parse  # noqa: PLC0415 - an extra, and slow to load
    except ModuleNotFoundError:
        raise MissingExtra(
            f"the date {words!r} cannot be read",
            expected="yesterday, today or all",
            remedy="for any other date, pip install 'vigilog[report]'",
        ) from None
    if _AHEAD.fullmatch(words):
        words = f"in {words.lstrip('+ ')}"
    # Hours and minutes are told by the clock that knows no change of it, days by the calendar.
    by_clock = bool(_CLOCK_UNIT.search(words)) and not re.search(r"\d:\d", words)
    base = datetime.fromtimestamp(now, UTC).replace(tzinfo=None) if by_clock else here
    found: datetime | None = parse(
        words,
        languages=["en"],
        settings={
            "RELATIVE_BASE": base,
            "DATE_ORDER": "MDY",
            "RETURN_AS_TIMEZONE_AWARE": False,
            "PREFER_DATES_FROM": "current_period",
        },
    )
    if found is None:
        return None
    if by_clock and found.tzinfo is None:
        return found.replace(tzinfo=UTC).timestamp()
    if _WHOLE_DAY.fullmatch(words):
        found = _midnight(found)
    return found.timestamp()
