"""What the system knows about this process."""

from __future__ import annotations

import os


def began(now: float) -> float:
    """When this process was started, in seconds since the epoch; `now`, the present time, where /proc does not say."""
    try:
        with open("/proc/self/stat", "rb") as file:
            ticks = int(file.read().rpartition(b")")[2].split()[19])
        with open("/proc/uptime", "rb") as file:
            up = float(file.read().split()[0])
    except (OSError, ValueError, IndexError):
        return now
    return min(now, now - up + ticks / os.sysconf("SC_CLK_TCK"))
