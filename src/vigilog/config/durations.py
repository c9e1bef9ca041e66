"""Durations as people write them: "90", "10m", "1h30m", "7d", "500ms"."""

from __future__ import annotations

import re

UNITS = {"w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
"""How many milliseconds are in each unit, from the longest on."""

PARTS = re.compile("".join(rf"(?:(?P<{unit}>[0-9]{{1,12}}) *{unit}(?![a-z]) *)?" for unit in UNITS))
ALONE = re.compile(r"[0-9]{1,12}")


def seconds(text: str) -> float | None:
    """The seconds that `text` says: whole numbers with a unit each, from the longest unit to the shortest, blanks between
    them at will; a number alone is seconds. None where it says no duration."""
    bare = text.strip(" ")
    if ALONE.fullmatch(bare):
        return float(bare)
    found = PARTS.fullmatch(bare)
    if not bare or found is None:
        return None
    return sum(int(digits) * UNITS[unit] for unit, digits in found.groupdict().items() if digits) / 1000


def said(duration: float) -> str:
    """A duration in seconds as `seconds` reads it back, to the millisecond; days are the longest unit."""
    left = round(duration * 1000)
    parts = []
    for unit, size in list(UNITS.items())[1:]:
        number, left = divmod(left, size)
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts) or "0s"
