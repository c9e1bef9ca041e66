"""The time in front of a message, as ProFTPD writes it: `2026-11-20 08:14:30,317`, local time."""

from __future__ import annotations

import time

from vigilog.core.clock import local


def stamp(moment: float) -> bytes:
    """`moment`, in seconds since the epoch, as local time with milliseconds; what is no time gives the epoch."""
    try:
        whole = time.localtime(moment)
    except (ValueError, OverflowError, OSError):
        moment, whole = 0.0, time.localtime(0)
    thousandths = int(moment % 1 * 1000)
    return b"%04d-%02d-%02d %02d:%02d:%02d,%03d" % (*whole[:6], thousandths)


def iso(moment: float) -> str:
    """`moment` as RFC 3339 with milliseconds and the local zone's offset: the value of the header field `Time`."""
    try:
        return local(moment).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        return local(0.0).isoformat(timespec="milliseconds")
