"""The processes that died, one line of JSON for each, in `deaths.jsonl` beside the ring files."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from typing import Any, NamedTuple

NAME = "deaths.jsonl"
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
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(os.path.join(directory, NAME), flags, 0o600)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            raise OSError(errno.EPERM, "somebody has put something else there", os.path.join(directory, NAME))
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
    import json  # noqa: PLC0415 - as above

    try:
        # A pipe that somebody has put there is not waited for.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(os.path.join(directory, NAME), flags)
    except FileNotFoundError:
        return
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "is no file", os.path.join(directory, NAME))
        for line in file:
            try:
                found = json.loads(line)
                record = _record(found)
            except (ValueError, KeyError, TypeError):
                continue
            yield record


def _record(found: dict[str, Any]) -> ProcessRecord:
    return ProcessRecord(
        int(found["pid"]), str(found["service"]), float(found["began"]), float(found["last_seen"]), alive=False
    )
