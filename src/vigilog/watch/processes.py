"""Whether a process of this host is the one that somebody means, from proc(5)."""

from __future__ import annotations

import os

_THREADS_OF_THE_KERNEL = 2
"""The number of their parent."""
_SET = 60.0
"""A clock that is set forward makes processes younger than they are: so much (seconds) is forgiven."""


def lives(pid: int, at: float) -> bool:
    """A process of that number is there that had begun about that moment (seconds since the epoch), and is neither a thread of
    the kernel nor dead and only not taken note of yet."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            words = file.read().rpartition(b")")[2].split()
    except OSError:
        return False
    state, parent, began = words[0], int(words[1]), int(words[19]) / os.sysconf("SC_CLK_TCK")
    if state in b"ZX" or _THREADS_OF_THE_KERNEL in {pid, parent}:
        return False
    return _booted() + began < at + _SET


def _booted() -> int:
    """When this host began, in seconds since the epoch, by its present clock."""
    with open("/proc/stat", "rb") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(b"btime"))
