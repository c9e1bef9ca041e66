"""What a daemon writes that is run as verbosely as it can be: ProFTPD's server log at debug level 10, of many sessions.

    python -m benchmarks.around_feed MEGABYTES_PER_SECOND SECONDS RESULT    (0: as fast as it can)

Written to standard output in pieces of 64 KiB; RESULT gets the bytes, the seconds, and the longest that one piece took.
"""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path

SESSIONS = 200
PIECE = 1 << 16
SIZE = 8 << 20
TEXTS = (
    "dispatching PRE_CMD command 'PASV' to mod_core",
    "dispatching CMD command 'RETR file%d' to mod_xfer",
    "ROOT PRIVS at mod_auth_file.c:%d",
    "opening passive data connection on port %d",
    "dispatching LOG_CMD command 'STOR load-%d.bin' to mod_log",
    "in dir_check_full(): setting umask to 0022 (was 0022)",
)
FAILED = "dispatching LOG_CMD_ERR command 'PASS (hidden)' to mod_log"
ONE_IN = 10_000
"""Lines for one failed login."""


def lines(size: int) -> bytes:
    """About `size` bytes of whole lines, the same every time."""
    chance = random.Random(1)
    made: list[str] = []
    length = 0
    while length < size:
        process = chance.randrange(70_000, 70_000 + SESSIONS)
        text = FAILED if chance.randrange(ONE_IN) == 0 else chance.choice(TEXTS)
        if "%d" in text:
            text %= chance.randrange(10_000)
        address = f"203.0.113.{process % 250}"
        made.append(f"2026-11-20 16:24:45,910 vm proftpd[{process}] 192.0.2.1 ({address}[{address}]): {text}\n")
        length += len(made[-1])
    return "".join(made).encode()


def feed(data: bytes, rate: float, seconds: float) -> tuple[int, float, float]:
    """Writes `data` again and again at `rate` bytes per second (0: no limit); bytes, seconds, and the longest of a write."""
    sent, at, longest = 0, 0, 0.0
    begun = time.perf_counter()
    wanted = rate * seconds if rate else seconds * 1e6
    while sent < wanted:
        before = time.perf_counter()
        written = os.write(1, data[at : at + PIECE])
        longest = max(longest, time.perf_counter() - before)
        sent += written
        at = (at + written) % len(data)
        ahead = sent / rate - (time.perf_counter() - begun) if rate else 0.0
        if ahead > 0:
            time.sleep(ahead)
    return sent, time.perf_counter() - begun, longest


if __name__ == "__main__":
    megabytes, duration, result = sys.argv[1:]
    told = feed(lines(SIZE), float(megabytes) * 1e6, float(duration))
    Path(result).write_text(" ".join(map(str, told)))
