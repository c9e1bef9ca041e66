"""Which arguments of a log call can be kept as they are until a dump: those that nobody can change meanwhile."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone

SCALARS: frozenset[type] = frozenset((str, int, float, bool, type(None), bytes, complex, date, timedelta))
"""Exactly these types, not what is derived from them: a derived one may say something else each time."""
OTHERS = frozenset(
    (
        *("decimal.Decimal", "fractions.Fraction", "uuid.UUID"),
        *("ipaddress.IPv4Address", "ipaddress.IPv6Address", "ipaddress.IPv4Network", "ipaddress.IPv6Network"),
        *("pathlib.PosixPath", "pathlib.PurePosixPath", "pathlib._local.PosixPath", "pathlib._local.PurePosixPath"),
    )
)
"""More of them, by name: whoever imports the black box should not have to import all these modules."""
COLLECTIONS: frozenset[type] = frozenset((tuple, frozenset))
MOMENTS: frozenset[type] = frozenset((datetime, time))
"""They ask their zone, and a zone may be anybody's code; a fixed one, as `timezone.utc`, is not."""
FIXED: frozenset[type] = frozenset((type(None), timezone))
SIZED: frozenset[type] = frozenset((str, bytes))
DEPTH = 4
OF_ONE = 32
"""Bytes that a scalar is counted as, besides the length of texts."""


def size_of(value: object, room: int, depth: int = DEPTH) -> int | None:
    """About how many bytes `value` takes when it is kept as it is; None if it may change, or takes more than `room`."""
    kind = type(value)
    size = OF_ONE
    if kind in SIZED:
        size += len(value)  # type: ignore[arg-type]
    elif kind is int:
        size += value.bit_length() // 8  # type: ignore[attr-defined]
    elif kind in COLLECTIONS and depth:
        for part in value:  # type: ignore[attr-defined]
            of_part = size_of(part, room - size, depth - 1)
            if of_part is None:
                return None
            size += of_part
    elif kind in MOMENTS:
        if type(value.tzinfo) not in FIXED:  # type: ignore[attr-defined]
            return None
    elif kind not in SCALARS and f"{kind.__module__}.{kind.__qualname__}" not in OTHERS:
        return None
    return size if size <= room else None
