"""The lines of reports: one file for each, `reports/NUMBER` in the state directory, on the disk before its report is committed.

In the database they would be written twice, into the log and out of it. A file whose report was never committed has no
number in the database: it is written over by the next report, or removed with the old ones.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress

from vigilog.core.errors import StoreError
from vigilog.core.nouns import Place
from vigilog.store.guard import guarded_directory, guarded_file

DIRECTORY = "reports"
_BLOCK = 1 << 18


def write(directory: str, report: int, sections: Iterable[Iterable[bytes]]) -> list[tuple[int, int]]:
    """Writes the lines of all sections of a report (blocks of whole lines), and waits until they are on the disk.

    Gives where the lines of each section begin in the file and how many bytes they are. Raises StoreError; then nothing is
    left. `directory` is that of the store.
    """
    path = guarded_file(guarded_directory(os.path.join(directory, DIRECTORY)), str(report))
    extents: list[tuple[int, int]] = []
    try:
        with _answered(path), open(path, "wb", buffering=0) as file:
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
        _keep_name(path)
    except BaseException:
        with suppress(OSError):
            os.unlink(path)
        raise
    return extents


def read(directory: str, report: int, start: int, length: int) -> Iterator[bytes]:
    """The lines in an extent of a report's file, as blocks of whole lines of about 256 KiB (longer only where a line is).

    Raises StoreError.
    """
    path = os.path.join(directory, DIRECTORY, str(report))
    with _answered(path), open(path, "rb", buffering=0) as file:
        offset, end, wanted = start, start + length, _BLOCK
        while offset < end:
            data = os.pread(file.fileno(), min(wanted, end - offset), offset)
            if not data:
                raise StoreError(f"it ends {end - offset} bytes early", place=Place(path), expected="the lines of a report")
            edge = data.rfind(b"\n") + 1
            if not edge and offset + len(data) < end:
                wanted *= 2
                continue
            yield data[: edge or len(data)]
            offset += edge or len(data)
            wanted = _BLOCK


def forget_all_but(directory: str, reports: Collection[int]) -> None:
    """Removes the lines of every report whose number is not in `reports`. Raises StoreError."""
    path = os.path.join(directory, DIRECTORY)
    with _answered(path):
        try:
            names = os.listdir(path)
        except FileNotFoundError:
            return
        for name in names:
            if name.isdecimal() and int(name) not in reports:
                os.unlink(os.path.join(path, name))


def _keep_name(path: str) -> None:
    """Waits until the directory that names the file is on the disk, too."""
    with _answered(path):
        directory = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


@contextmanager
def _answered(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"the lines of a report cannot be kept: {error.strerror}",
            place=Place(path),
            remedy="look at the disk and its space, and run again; nothing was changed",
        ) from error
