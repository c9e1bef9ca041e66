"""Writes the blocks of processes that died: what their ring files hold becomes `UNTIMELY DEATH`.

A ring file is locked while its process lives, so one that can be locked is a dead one's, whatever became of its number. Whoever
locks it recovers it; two at once do not get in each other's way. How far a recovery is stands in the ring file before each
block is written, so one that was killed is gone on with, and no block is there twice. The ring file goes when its blocks are
safely on the disk.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from zlib import crc32

from vigilog.blackbox import death_log, journal
from vigilog.blackbox.dead import Dead, beside, dead
from vigilog.blackbox.death_log import ProcessRecord
from vigilog.blackbox.forensic_file import ForensicFile, line_begun
from vigilog.blackbox.layout import HEAD, Head, head_of
from vigilog.blackbox.reading import unreadable
from vigilog.blackbox.ring_access import closed, lock, names, opened
from vigilog.blackbox.ring_file import NEW, RING
from vigilog.core.clock import Clock, wall

DAMAGED = ".damaged"
"""What is put behind the name of a ring file that cannot be read."""
_STALE = 60.0


@dataclass(slots=True)
class Recovered:
    """What a recovery did: the processes that it found dead, the blocks that it wrote, the files that could not be read; and
    the names of the ring files that are still there although their processes are dead."""

    processes: list[ProcessRecord] = field(default_factory=list)
    blocks: int = 0
    damaged: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


class _Unwritten(Exception):
    pass


def recover(
    directory: str,
    file: str | None = None,
    *,
    service: str | None = None,
    notice: Callable[[str], None] = lambda _: None,
    clock: Clock = wall,
) -> Recovered:
    """Writes the blocks of all dead processes that have ring files in `directory`, or only of those of `service`.

    They go to `file`, an absolute path, or, if it is None, to the file that each process named; that of another user's
    process is believed only with `file`. `notice` is given a sentence about each trouble; what could not be written is tried
    again by the next recovery. Raises OSError if the directory cannot be read, ConfigurationError for a relative path.
    """
    result = Recovered()
    for name in names(directory, RING):
        path = os.path.join(directory, name)
        try:
            if not _is_dead(path):
                continue
            with opened(path, write=True) as ring:
                if lock(ring, path, exclusive=True):
                    _recover(ring, path, file, service, notice, result)
        except FileNotFoundError:
            continue
        except OSError as error:
            notice(f"{path}: {error.strerror or error}")
        if os.path.lexists(path):
            result.left.append(name)
    _sweep(directory, clock())
    return result


def processes(directory: str, *, clock: Clock = wall) -> Iterator[ProcessRecord]:
    """The processes that have ring files in `directory`, or died and were recovered: the dead first. Raises OSError."""
    yield from death_log.dead(directory)
    for name in names(directory, RING):
        path = os.path.join(directory, name)
        with suppress(OSError), opened(path, write=False) as ring:
            head = head_of(os.pread(ring, HEAD, 0))
            if head is None:
                continue
            if closed(ring):
                continue
            if lock(ring, path, exclusive=False):
                yield dead(ring, path, head).record()
            elif os.path.exists(path):
                yield ProcessRecord(head.pid, head.service, head.began, clock(), alive=True)


def _is_dead(path: str) -> bool:
    """Whether nobody holds the ring file. It is not opened for writing: whoever watches the directory for closings would hear
    of this one, and call `recover` again and again. Raises OSError."""
    with opened(path, write=False) as ring:
        return lock(ring, path, exclusive=False)


def _recover(
    ring: int, path: str, file: str | None, service: str | None, notice: Callable[[str], None], result: Recovered
) -> None:
    head = head_of(os.pread(ring, HEAD, 0))
    if head is None:
        # Another service's, for all that is known, but nobody else will make sense of it either.
        os.rename(path, path + DAMAGED)
        result.damaged.append(path + DAMAGED)
        notice(f"{path}: is damaged, kept as {path}{DAMAGED}")
        return
    if service is not None and head.service != service:
        return
    if closed(ring):
        # A normal end, whose process could not remove its file.
        os.unlink(path)
        return
    found = dead(ring, path, head)
    if damaged := unreadable(found.data, head):
        notice(f"{path}: {damaged} of its pages cannot be read")
    count = 0
    if head.wanted and found.contents:
        target = file if file is not None else _own_target(ring, head)
        if target is None:
            notice(f"{path}: it is not known where its blocks belong")
            return
        try:
            count = _write(found, target, notice)
        except _Unwritten:
            return
    record = found.record()
    death_log.add(os.path.dirname(path), os.path.basename(path), record, count)
    with suppress(FileNotFoundError):
        os.unlink(beside(path))
    os.unlink(path)
    result.processes.append(record)
    result.blocks += count


def _own_target(ring: int, head: Head) -> str | None:
    own = os.fstat(ring).st_uid == os.geteuid()
    return head.file if own and head.file.startswith("/") else None


def _write(dead: Dead, target: str, notice: Callable[[str], None]) -> int:
    """Writes what is not written yet; how many blocks there are of this process. Raises _Unwritten."""
    file = ForensicFile(target, notice)
    try:
        before = journal.read(dead.data)
        for number, found in dead.contents:
            if before and (number < before.session or (number == before.session and journal.done(before, target))):
                continue
            data = dead.block(found)
            torn = before if before and before.session == number else None
            if not file.append(data, _Plan(dead.ring, number, target, data, torn)):
                raise _Unwritten
        file.sync()
    finally:
        file.close()
    return len(dead.contents)


@dataclass(frozen=True, slots=True)
class _Plan:
    """Says in the ring file what is about to be written, and takes back what a killed recovery wrote of it."""

    ring: int
    session: int
    path: str
    block: bytes
    torn: journal.Entry | None

    def __call__(self, file: int, end: int) -> int:
        if self.torn and journal.began(self.torn, self.path, end, self.block):
            start = self.torn.offset
            os.ftruncate(file, start)
        else:
            start = line_begun(file, end)
        found = os.fstat(file)
        entry = journal.Entry(self.session, found.st_dev, found.st_ino, start, len(self.block), crc32(self.block))
        journal.written(self.ring, entry)
        return start


def _sweep(directory: str, now: float) -> None:
    """Removes what processes left that died while they made their file."""
    for name in names(directory, NEW):
        path = os.path.join(directory, name)
        with suppress(OSError), opened(path, write=False) as file:
            if now - os.fstat(file).st_mtime > _STALE and lock(file, path, exclusive=True):
                os.unlink(path)
