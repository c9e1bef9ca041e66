"""Which arguments of a log call can be kept as they are until a dump: those that nobody can change meanwhile."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from ipaddress import IPv4Address, IPv6Address
from uuid import UUID

SCALARS: frozenset[type] = frozenset(
    (
        *(str, int, float, bool, type(None), bytes, complex),
        *(date, time, timedelta, Decimal, Fraction, UUID, IPv4Address, IPv6Address),
    )
)
"""Exactly these types, not what is derived from them: a derived one may say something else each time."""
COLLECTIONS: frozenset[type] = frozenset((tuple, frozenset))
MOMENTS: frozenset[type] = frozenset((datetime,))
"""With a zone they ask it, and a zone is code of its own; timezone.utc is not."""
DEPTH = 4
SIZED: frozenset[type] = frozenset((str, bytes))
OF_ONE = 32
"""Bytes that a scalar is counted as, besides the length of texts."""


def size_of(value: object, room: int, depth: int = DEPTH) -> int | None:
    """About how many bytes `value` takes when it is kept as it is; None if it may change, or takes more than `room`."""
    kind = type(value)
    if kind in SIZED:
        size = OF_ONE + len(value)  # type: ignore[arg-type]
    elif kind is int:
        size = OF_ONE + value.bit_length() // 8  # type: ignore[attr-defined]
    elif kind in SCALARS:
        size = OF_ONE
    elif kind in MOMENTS:
        if type(value.tzinfo) not in (type(None), timezone):  # type: ignore[attr-defined]
            return None
        size = OF_ONE
    elif kind in COLLECTIONS and depth:
        size = OF_ONE
        for part in value:  # type: ignore[attr-defined]
            of_part = size_of(part, room - size, depth - 1)
            if of_part is None:
                return None
            size += of_part
    else:
        return None
    return size if size <= room else None
