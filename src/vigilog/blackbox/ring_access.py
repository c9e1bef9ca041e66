"""Opens ring files that others made: the lock says whether their process is alive."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager

from vigilog.blackbox.layout import END, ENDED, PAGE

LARGEST = 1 << 30
"""Bytes of a ring file that are read."""
_TRIES = 5
_PAUSE = 0.01


def names(directory: str, ending: str) -> list[str]:
    """The names of files in `directory` that end so, oldest processes first as far as names tell. Raises OSError."""
    return sorted(name for name in os.listdir(directory) if name.endswith(ending))


@contextmanager
def opened(path: str, *, write: bool) -> Iterator[int]:
    """A descriptor of the ring file at `path`. Raises OSError, also where it is no file."""
    mode = os.O_RDWR if write else os.O_RDONLY
    descriptor = os.open(path, mode | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "is no file", path)
        yield descriptor
    finally:
        os.close(descriptor)


def lock(descriptor: int, path: str, *, exclusive: bool) -> bool:
    """Locks the file for as long as it is open, if nobody else has; False too if it is not at `path` any more."""
    kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
    for number in range(_TRIES if exclusive else 1):
        if number:
            # Somebody may only have looked whether its process lives.
            time.sleep(_PAUSE)
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        try:
            return os.path.samestat(os.stat(path, follow_symlinks=False), os.fstat(descriptor))
        except FileNotFoundError:
            return False
    return False


def closed(descriptor: int) -> bool:
    """Whether the process says that it ended as it should."""
    return os.pread(descriptor, len(ENDED), END) == ENDED


def read(descriptor: int) -> bytes:
    """What the file holds, LARGEST bytes at most, up to where nothing was ever written. Not mapped: whoever owns it may cut it
    short at any time."""
    end = min(LARGEST, _end_of_data(descriptor))
    pieces = []
    at = 0
    while at < end and (piece := os.pread(descriptor, min(1 << 20, end - at), at)):
        pieces.append(piece)
        at += len(piece)
    return b"".join(pieces)


def _end_of_data(descriptor: int) -> int:
    """Where the last page ends of which a part was written. Most files are as large as their box may become, and nearly
    empty."""
    end = 0
    try:
        while True:
            end = os.lseek(descriptor, os.lseek(descriptor, end, os.SEEK_DATA), os.SEEK_HOLE)
    except OSError as error:
        if error.errno != errno.ENXIO:
            return LARGEST
    return -(-end // PAGE) * PAGE
