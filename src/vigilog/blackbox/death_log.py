"""The processes that died, one line of JSON for each, in `deaths.jsonl` beside the ring files.

When that is full it becomes `deaths.jsonl.1`, and what was there before is forgotten: a service that dies every second must not
fill the place.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

NAME = "deaths.jsonl"
FORMER = f"{NAME}.1"
MOST = 1 << 20
"""Bytes of one file."""
_TAIL = 1 << 16


class ProcessRecord(NamedTuple):
    """A process that has, or had, a ring file. Times are in seconds since the epoch; `last_seen` is when it is known to have
    been alive last: for a dead one about the time of its death."""

    pid: int
    service: str
    began: float
    last_seen: float
    alive: bool


def add(directory: str, ring: str, record: ProcessRecord, blocks: int) -> None:
    """Writes a line for the dead process whose ring file was named `ring`, unless there is one. Raises OSError."""
    import json  # noqa: PLC0415 - programs that import the black box do without

    line = {**record._asdict(), "ring": ring, "blocks": blocks}
    del line["alive"]
    path = os.path.join(directory, NAME)
    with suppress(FileNotFoundError):
        if os.lstat(path).st_size >= MOST:
            os.replace(path, os.path.join(directory, FORMER))
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            raise OSError(errno.EPERM, "somebody has put something else there", path)
        end = found.st_size
        tail = os.pread(descriptor, _TAIL, max(0, end - _TAIL))
        if json.dumps(ring).encode() in tail:
            return
        # After a line that was torn the next one begins anew.
        torn = b"\n" if tail and not tail.endswith(b"\n") else b""
        os.write(descriptor, torn + json.dumps(line).encode() + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def dead(directory: str) -> Iterator[ProcessRecord]:
    """The dead that were recovered, in that order; lines that are damaged are passed over. Raises OSError."""
    for name in (FORMER, NAME):
        yield from _records(os.path.join(directory, name))


def _records(path: str) -> Iterator[ProcessRecord]:
    import json  # noqa: PLC0415 - as above

    try:
        # A pipe that somebody has put there is not waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "is no file", path)
        for line in file:
            try:
                record = _record(json.loads(line))
            except (ValueError, KeyError, TypeError):
                continue
            yield record


def _record(found: dict[str, Any]) -> ProcessRecord:
    return ProcessRecord(
        int(found["pid"]), str(found["service"]), float(found["began"]), float(found["last_seen"]), alive=False
    )
