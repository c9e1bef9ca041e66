"""Whether a file ends in the middle of a line: somebody was killed while writing it, or found the disk full."""

from __future__ import annotations

import os
import stat
import time
from contextlib import suppress

_SHORTLY = 0.002


def is_torn(file: int) -> bool:
    """Whether the open `file` ends in the middle of a line that nobody is writing any more. Where that cannot be told, it does
    not: a process that gave up its rights may write, but not look."""
    with suppress(OSError):
        found = os.fstat(file)
        if stat.S_ISREG(found.st_mode) and found.st_size and _last(file, found.st_size) not in (b"\n", b""):
            # What looks torn may be a line that another process is just writing.
            time.sleep(_SHORTLY)
            return os.fstat(file).st_size == found.st_size
    return False


def end_line(file: int) -> None:
    """Writes the newline that a torn file lacks. Raises OSError."""
    if is_torn(file):
        os.write(file, b"\n")


def _last(file: int, size: int) -> bytes:
    reader = os.open(f"/proc/self/fd/{file}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.pread(reader, 1, size - 1)
    finally:
        os.close(reader)
