r"""The time that a log line says of itself, whichever of the common forms it is written in.

    Nov 20 08:30:00 host ...                    RFC 3164, as syslogd writes it; no year, local time
    2026-11-20T08:30:00.123456+01:00 host ...   RFC 3339; `+0100` (journalctl -o short-iso), `Z`, or none: local time
    2026-11-20 08:30:00,123 ...                 the same with a blank (MySQL, Python's logging, dpkg)
    Sun Nov 29 17:20:00 2020 daemon.info ...    OpenWrt's logread; local time
    [Fri Nov 20 08:30:00.123456 2026] ...       Apache's error log; local time
    ... [20/Nov/2026:08:30:00 +0100] ...        Apache's access log, within the first 256 bytes
    @4000000037c219bf2ef02e94 ...               TAI64N (multilog, tai64n)
    1795159800.123 ...                          seconds since the epoch (squid, audit tools)
    +25504:6b000167:0|GET / HTTP/1.1|...        a request ledger, whose IDs tell the time (`forensic_id`)

The first byte tells which of them it can be. Equal stamps are read once: lines come many to a second.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from vigilog.parse import tai64n
from vigilog.parse.forensic_id import made

DAY = 86_400
_HEAD = 256
_FIRST_ID = 946_684_800
"""No ID of a request is older than that (the year 2000): some look as if they were."""
_SECONDS = {b"%02d" % second: second for second in range(60)}
_MONTHS = {name: number for number, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}
_YEAR = rb"(?P<year>\d{4})"
_MONTH = rb"(?P<month>" + rb"|".join(_MONTHS) + rb")"
_DAY = rb"(?P<day>[ 0-3]?\d)"
_CLOCK = rb"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
_FRACTION = rb"(?:[.,](?P<fraction>\d{1,9}))?"
_ZONE = rb"(?P<sign>[+-])(?P<hours>[01]\d|2[0-3]):?(?P<minutes>[0-5]\d)(?!\d)"

_RFC3164 = re.compile(_MONTH + b" " + _DAY + b" " + _CLOCK + _FRACTION + rb"(?![\d:])")
_NAMED_DAY = re.compile(rb"\[?[A-Z][a-z]{2} " + _MONTH + b" " + _DAY + b" " + _CLOCK + _FRACTION + b" " + _YEAR + rb"(?!\d)")
_ISO = re.compile(_YEAR + rb"-(?P<month>\d\d)-(?P<day>\d\d)[T ]" + _CLOCK + _FRACTION + b"(?:" + _ZONE + b"|(?P<utc>[Zz]))?")
_ACCESS = re.compile(rb"\[(?P<day>\d\d)/" + _MONTH + b"/" + _YEAR + b":" + _CLOCK + b" " + _ZONE + rb"\]")
_EPOCH = re.compile(rb"\d{9,10}(?:\.\d{1,9})?(?=\s|$)")


def stamp(line: bytes, arrived: float) -> float | None:
    """When `line` says that it was written, in seconds since the epoch; None if it does not begin with a time.

    `arrived` (seconds since the epoch) decides the year where none is written: the latest one that does not put the line
    behind the day (UTC) after its arrival. Times without a zone are this machine's local time. Never raises.
    """
    if line[15:16] == b" ":
        # counted from its minute: the calendar is slow, and minutes are few
        minute = _short_minute(line[:13], arrived // DAY)
        if minute is not None:
            second = _SECONDS.get(line[13:15])
            if second is not None:
                return minute + second
    elif line[10:11] == b"T":
        if line[32:33] == b" " and line[20:26].isdigit():  # as rsyslog writes it: each line has a fraction of its own
            whole = _long(line[:20], line[26:32])
            if whole is not None:
                return whole + float(line[19:26])
        soon = _other_long(line[:36].partition(b" ")[0])
        if soon is not None:
            return soon
    return _any_stamp(line, arrived)


def _any_stamp(line: bytes, arrived: float) -> float | None:
    first = line[:1]
    if first.isalpha():
        short = _RFC3164.match(line)
        if short:
            return _without_year(short[0], int(arrived // DAY))
    if first.isdigit():
        plain = _EPOCH.match(line)
        if plain:
            return float(plain[0])
    if first == b"@":
        return tai64n.seconds(line)
    if first in {b"+", b"-"}:
        return _of_request(line, arrived)
    whole = _ISO.match(line) or _NAMED_DAY.match(line) or _ACCESS.search(line, 0, _HEAD)
    return _with_year(whole[0], whole.re) if whole else None


def _of_request(line: bytes, arrived: float) -> float | None:
    request = made(line[1:_HEAD].partition(b"|")[0])
    return float(request.time) if request and _FIRST_ID <= request.time <= arrived + DAY else None


@lru_cache(maxsize=4096)
def _short_minute(text: bytes, arrival_day: float) -> float | None:
    """The moment of the first second of `Nov 20 08:30:`, exactly that."""
    whole = text + b"00"
    return _without_year(whole, int(arrival_day)) if _RFC3164.fullmatch(whole) else None


@lru_cache(maxsize=4096)
def _long(text: bytes, zone: bytes) -> float | None:
    """The moment of `2026-11-20T08:30:00.`, exactly that, in the zone `+01:00`."""
    return _other_long(text[:-1] + zone) if text[-1:] == b"." else None


@lru_cache(maxsize=4096)
def _other_long(text: bytes) -> float | None:
    """The moment of `2026-11-20T08:30:00.123456+01:00`, with or without a fraction; the zone must be there."""
    zone = 1 if text[-1:] == b"Z" else 6
    minute = _long_minute(text[:17], text[-zone:])
    second = text[17:19]
    if minute is None or not second.isdigit() or second > b"59":
        return None
    fraction = text[20:-zone]
    if text[19:20] == b"." and fraction.isdigit() and len(fraction) <= 9:
        return minute + int(second) + int(fraction) / float(10 ** len(fraction))
    return minute + int(second) if len(text) == 19 + zone else None


@lru_cache(maxsize=4096)
def _long_minute(text: bytes, zone: bytes) -> float | None:
    found = _ISO.fullmatch(text + b"00" + zone)
    return _moment(found.groupdict(), int(found["year"])) if found and (found["sign"] or found["utc"]) else None


@lru_cache(maxsize=4096)
def _without_year(text: bytes, arrival_day: int) -> float | None:
    found = _RFC3164.match(text)
    assert found
    parts = found.groupdict()
    latest = (arrival_day + 2) * DAY
    newest = datetime.fromtimestamp(latest, UTC).year + 1
    for year in range(newest, newest - 10, -1):  # between two 29 February lie at most eight years
        moment = _moment(parts, year)
        if moment is not None and moment < latest:
            return moment
    return None


@lru_cache(maxsize=4096)
def _with_year(text: bytes, pattern: re.Pattern[bytes]) -> float | None:
    found = pattern.match(text)
    assert found
    return _moment(found.groupdict(), int(found["year"]))


def _moment(parts: dict[str, bytes], year: int) -> float | None:
    """Seconds since the epoch, or None if there is no such time. A leap second (:60) is the second after :59."""
    month = _MONTHS.get(parts["month"]) or int(parts["month"])
    second = int(parts["second"])
    try:
        whole = datetime(
            year, month, int(parts["day"]), int(parts["hour"]), int(parts["minute"]), min(second, 59), tzinfo=_zone(parts)
        )
        moment = whole.timestamp() if whole.tzinfo else time.mktime(whole.timetuple())
    except (ValueError, OverflowError):
        return None
    fraction = parts.get("fraction")
    part = int(fraction) / 10 ** len(fraction) if fraction else 0.0
    return moment + max(0, second - 59) + part if second <= 60 else None


def _zone(parts: dict[str, bytes]) -> timezone | None:
    if parts.get("utc"):
        return UTC
    if not parts.get("sign"):
        return None
    offset = timedelta(hours=int(parts["hours"]), minutes=int(parts["minutes"]))
    return timezone(-offset if parts["sign"] == b"-" else offset)
