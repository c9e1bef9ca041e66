"""Times as LogFormat variables have them: `[20/Nov/2026:08:34:36 +0000]`, ISO 8601, and strftime's own forms.

An event has `time`, in seconds since the epoch, or the value itself under the variable's key (`local_time` and so on), which
then counts. JSON's `local_time` and `%{format}t` are UTC for an event of ProFTPD, as mod_kafka 0.1 has them, and local for one
of Apache. What was read out of a line keeps the zone that it had there.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal

from vigilog.patterns.logformat_forms import DIGITS, Event, Form, text

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NUMBERS = {name: f"{number:02}" for number, name in enumerate(MONTHS, 1)}
_NAMES = {number: name for name, number in _NUMBERS.items()}
_MONTH = "(?:" + "|".join(MONTHS) + ")"
_DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")

Zone = Literal["local", "utc"]


@lru_cache(maxsize=256)
def bracketed(stamp: str) -> str:
    """`2026-11-20 08:34:36 +0000` as `[20/Nov/2026:08:34:36 +0000]`; what has not that form is put into brackets. Events
    come many to a second."""
    month = _NAMES.get(stamp[5:7])
    return f"[{stamp[8:10]}/{month}/{stamp[:4]}:{stamp[11:]}]" if month and len(stamp) == 25 else f"[{stamp}]"


@lru_cache(maxsize=256)
def unbracketed(written: str) -> str:
    """The other way round."""
    return f"{written[8:12]}-{_NUMBERS[written[4:7]]}-{written[1:3]} {written[13:27]}"


def of_transfer_log(written: str) -> str:
    """`Fri Nov 20 08:18:42 2026` as `2026-11-20 08:18:42`."""
    return f"{written[20:24]}-{_NUMBERS[written[4:7]]}-{written[8:10].replace(' ', '0')} {written[11:19]}"


def for_transfer_log(stamp: str) -> str:
    """`2026-11-20 08:18:42` (a zone behind it is left out) as `Fri Nov 20 08:18:42 2026`; what has not that form, as it is."""
    try:
        return time.strftime("%a %b %d %H:%M:%S %Y", time.strptime(stamp[:19], "%Y-%m-%d %H:%M:%S"))
    except ValueError:
        return stamp


BRACKETED = Form(
    "text",
    rf"\[[0-9]{{2}}/{_MONTH}/[0-9]{{4}}:[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}} [+-][0-9]{{4}}\]",
    frozenset("["),
    frozenset(),
    unbracketed,
)
ISO8601 = Form("text", "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2},[0-9]{3}", DIGITS)
TRANSFER_LOG = Form(
    "text",
    rf"{_DAY} {_MONTH} [ 0-9][0-9] [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}} [0-9]{{4}}",
    _LETTERS,
    frozenset(),
    of_transfer_log,
)


def formatted(second: int, form: str, zone: Zone) -> str:
    """A second since the epoch in strftime's `form`."""
    return _formatted(second, form, zone, time.timezone)


@lru_cache(maxsize=256)
def _formatted(second: int, form: str, zone: Zone, _here: int) -> str:
    # events come many to a second
    return time.strftime(form, time.gmtime(second) if zone == "utc" else time.localtime(second))


def micro(moment: float) -> tuple[int, int]:
    """A moment as whole seconds and microseconds."""
    return divmod(round(moment * 1_000_000), 1_000_000)


Taking = Callable[[Event], Any]


def stamped(key: str, clock: str, form: str, zone: Zone) -> Taking:
    """What takes the value of `key` out of an event: itself, or the time under `clock` in strftime's form and zone."""

    def take(event: Event) -> str | None:
        own = event.get(key)
        if own is not None:
            return text(own)
        moment = event.get(clock)
        return None if moment is None else _formatted(round(moment * 1_000_000) // 1_000_000, form, zone, time.timezone)

    return take


def iso8601(event: Event) -> str | None:
    """`timestamp`: local time with milliseconds, `2026-11-20 03:49:10,623`."""
    own = event.get("timestamp")
    if own is not None:
        return text(own)
    if event.get("time") is None:
        return None
    second, micros = micro(event["time"])
    return f"{formatted(second, '%Y-%m-%d %H:%M:%S', 'local')},{micros // 1000:03}"


COUNTS: dict[str, Callable[[float], int]] = {
    "epoch": lambda moment: micro(moment)[0],
    "epoch_millis": lambda moment: round(moment * 1_000_000) // 1000,
    "epoch_micros": lambda moment: round(moment * 1_000_000),
    "millisecs": lambda moment: micro(moment)[1] // 1000,
    "microsecs": lambda moment: micro(moment)[1],
}


def counted(key: str, clock: str, count: str) -> Taking:
    """What takes a number out of an event: the value of `key`, or one of COUNTS of the time under `clock`."""
    of = COUNTS[count]

    def take(event: Event) -> Any:
        own = event.get(key)
        return own if own is not None else None if event.get(clock) is None else of(event[clock])

    return take


_TWO = "[0-9]{2}"
_CODES: dict[str, str] = {
    **dict.fromkeys("CdHIgmMSUVWy", _TWO),
    **dict.fromkeys("YG", "[0-9]{4}"),
    **dict.fromkeys("ekl", "[ 0-9][0-9]"),
    **dict.fromkeys("uw", "[0-9]"),
    "a": _DAY,
    **dict.fromkeys("bh", _MONTH),
    "A": "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day",
    "B": "(?:January|February|March|April|May|June|July|August|September|October|November|December)",
    "c": f"{_DAY} {_MONTH} [ 0-9][0-9] {_TWO}:{_TWO}:{_TWO} [0-9]{{4}}",
    **dict.fromkeys("Dx", f"{_TWO}/{_TWO}/{_TWO}"),
    "F": f"[0-9]{{4}}-{_TWO}-{_TWO}",
    "j": "[0-9]{3}",
    "p": "(?:AM|PM)",
    "P": "(?:am|pm)",
    "r": f"{_TWO}:{_TWO}:{_TWO} (?:AM|PM)",
    "R": f"{_TWO}:{_TWO}",
    "s": "[0-9]{1,12}",
    **dict.fromkeys("TX", f"{_TWO}:{_TWO}:{_TWO}"),
    "t": "\t",
    "z": "[+-][0-9]{4}",
    "Z": "[A-Za-z0-9+-]{1,8}",
    "%": "%",
}
_OPEN = {"s": DIGITS, "Z": _LETTERS | DIGITS | {"+", "-"}}
_STARTS = {"[0-9]": DIGITS, "[ 0-9": DIGITS | {" "}, "[+-]": frozenset("+-")}
_PIECE = re.compile(r"%(.?)|[^%]+", re.DOTALL)


def unknown_code(form: str) -> str:
    """The first of strftime's codes in `form` that this has no word for, as `%Q`; '' if there is none."""
    for found in _PIECE.finditer(form):
        if found[1] is not None and found[1] not in _CODES:
            return found[0]
    return ""


def of_strftime(form: str) -> Form:
    """The form of texts that strftime makes of `form` (in the C locale), all of whose codes are known."""
    pieces = [(_CODES[found[1]] if found[1] else re.escape(found[0]), found[1] or found[0]) for found in _PIECE.finditer(form)]
    if not pieces:
        return Form("text", "", frozenset(), frozenset())
    shape, first = pieces[0]
    starts = next((members for begun, members in _STARTS.items() if shape.startswith(begun)), None)
    if starts is None:
        starts = _LETTERS | DIGITS if first in _CODES and first not in "%t" else frozenset(first[0] if first != "t" else "\t")
    # an end that is not always as far away matters only where it is the end of all
    holds = _OPEN.get(pieces[-1][1], frozenset())
    return Form("text", "".join(shape for shape, _ in pieces), starts, holds)
