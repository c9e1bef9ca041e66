"""TAI64N stamps, as daemontools' multilog and tai64n write them: `@`, 16 hex digits of seconds, 8 of nanoseconds.

The seconds are 2^62 + 10 + Unix time: daemontools 0.76 adds and takes away that constant 10 and knows no leap seconds, so
neither does this. Digits are lower case, as its programs write and read them.
"""

from __future__ import annotations

import re
import time

EPOCH = 2**62 + 10
"""The label's seconds at 1970-01-01 00:00:00 UTC."""

LABEL = re.compile(rb"@([0-9a-f]{16})([0-9a-f]{8})(?![0-9a-f])")
"""A whole label at the place where it is matched."""


def split(text: bytes) -> tuple[int, int] | None:
    """The label at the start of `text` as (seconds since the epoch, nanoseconds), or None if there is no whole one.

    Seconds are negative before 1970. Nanoseconds are what the eight digits say, up to 4294967295: nothing checks them.
    """
    label = LABEL.match(text)
    if not label:
        return None
    return int(label[1], 16) - EPOCH, int(label[2], 16)


def seconds(text: bytes) -> float | None:
    """The label at the start of `text` in seconds since the epoch, or None. As exact as a float is (about 0.2 µs)."""
    parts = split(text)
    return None if parts is None else parts[0] + parts[1] / 1e9


def label(seconds: int, nanoseconds: int = 0) -> bytes:
    """The label of a moment: whole seconds since the epoch and nanoseconds. Raises ValueError if they do not fit it."""
    if not (0 <= seconds + EPOCH < 2**64 and 0 <= nanoseconds < 2**32):
        raise ValueError(f"{seconds} s {nanoseconds} ns does not fit a TAI64N label")
    return b"@%016x%08x" % (seconds + EPOCH, nanoseconds)


def localize(line: bytes) -> bytes:
    """`line` with the label at its start, if any, as local time `YYYY-MM-DD HH:MM:SS.NNNNNNNNN`: tai64nlocal.

    What is no whole label (too short, too long, upper case), or one whose year this machine cannot tell, passes
    unchanged; tai64nlocal 0.76 crashes on it.
    """
    parts = split(line)
    if parts is None:
        return line
    try:
        moment = time.localtime(parts[0])
    except (OverflowError, OSError, ValueError):
        return line
    day = b"%04d-%02d-%02d" % (moment.tm_year, moment.tm_mon, moment.tm_mday)
    clock = b"%02d:%02d:%02d.%09d" % (moment.tm_hour, moment.tm_min, moment.tm_sec, parts[1])
    return day + b" " + clock + line[25:]
