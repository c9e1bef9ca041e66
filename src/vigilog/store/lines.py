"""The lines of reports: one file for each, `reports/NUMBER` beside the database, on the disk before its report is committed.

In the database they would be written twice, into the log and out of it. A file whose report was never committed has no
number in the database: it is written over by the next report, or removed with the old ones.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress

from vigilog.core.errors import StoreError
from vigilog.core.nouns import Place
from vigilog.store.database import NAME
from vigilog.store.guard import checked_file, guarded_directory, guarded_file

DIRECTORY = "reports"
_BLOCK = 1 << 18


def write(directory: str, report: int, sections: Iterable[Iterable[bytes]]) -> list[tuple[int, int]]:
    """Writes the lines of all sections of a report (blocks of whole lines), and waits until they are on the disk.

    Gives where the lines of each section begin in the file and how many bytes they are. Raises StoreError; then nothing is
    left. `directory` is that of the store.
    """
    path = guarded_file(_made(directory), str(report))
    extents: list[tuple[int, int]] = []
    try:
        with _answered(path, "kept", "make room on its disk and run again; nothing was changed"):
            with open(path, "wb", buffering=0) as file:
                end = 0
                for blocks in sections:
                    start = end
                    for block in blocks:
                        rest = memoryview(block)
                        while rest:
                            rest = rest[file.write(rest) :]
                        end += len(block)
                    extents.append((start, end - start))
                os.fdatasync(file.fileno())
            _keep_names(os.path.dirname(path))
    except BaseException:
        with suppress(OSError):
            os.unlink(path)
        raise
    return extents


def read(directory: str, report: int, start: int, length: int) -> Iterator[bytes]:
    """The lines in an extent of a report's file, as blocks of whole lines of about 256 KiB (longer only where a line is).

    Raises StoreError, also where the file is gone or has become shorter.
    """
    path = os.path.join(guarded_directory(os.path.join(directory, DIRECTORY)), str(report))
    checked_file(path)
    statement = f"UPDATE reports SET status = 'delivered', delivered_at = 0 WHERE id = {report}"  # noqa: S608 - for people
    remedy = f'put it back, or go on without it: sqlite3 {os.path.join(directory, NAME)} "{statement}"'
    with _answered(path, "read", remedy), open(path, "rb") as file:
        file.seek(start)
        while length:
            data = file.read(min(_BLOCK, length))
            data += file.readline(length - len(data))
            if not data.endswith(b"\n"):
                raise StoreError(f"it ends {length - len(data)} bytes early", place=Place(path), remedy=remedy)
            length -= len(data)
            yield data


def forget_all_but(directory: str, reports: Collection[int]) -> None:
    """Removes the lines of every report whose number is not in `reports`. Raises StoreError."""
    path = os.path.join(directory, DIRECTORY)
    with _answered(path, "removed", "let this user write to it"):
        try:
            names = os.listdir(path)
        except FileNotFoundError:
            return
        for name in names:
            if name.isdecimal() and int(name) not in reports:
                os.unlink(os.path.join(path, name))


def _made(directory: str) -> str:
    path = os.path.join(directory, DIRECTORY)
    known = os.path.isdir(path)
    guarded = guarded_directory(path)
    if not known:
        with _answered(path, "kept", ""):
            _keep_names(directory)
    return guarded


def _keep_names(directory: str) -> None:
    """Waits until the names in `directory` are on the disk."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _answered(path: str, done: str, remedy: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        found = f"the lines of a report cannot be {done}: {error.strerror}"
        raise StoreError(found, place=Place(path), remedy=remedy) from error
