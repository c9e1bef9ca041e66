"""The files of a ledger, opened for `vigilog ledger check`: plain and packed ones, and what can be read only once."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from typing import IO

from vigilog.core.errors import SourceError
from vigilog.core.nouns import Place
from vigilog.ledger.blocks import blocks
from vigilog.ledger.check import Input
from vigilog.ledger.heads import ended
from vigilog.watch.compressed import opener
from vigilog.watch.streams import DamagedError

STANDARD_INPUT = "-"
LARGE = 32 * 1024 * 1024
"""A ledger of so many bytes is worth a second process."""
_PACKED = 10
_SEARCHED = 1024 * 1024

Tell = Callable[[str], None]
"""Takes a sentence about a file that could not be read to its end."""


class LedgerFile:
    """A file that is open, to be read any number of times, as it was when it was opened. `tell` is told of damage.

    What is no regular file is read once: of that, a second reading gives the ends of requests only.
    """

    def __init__(self, path: str, tell: Tell) -> None:
        """Raises SourceError if it cannot be opened, or is a directory."""
        self.path = path
        self._tell = tell
        try:
            self._descriptor = os.dup(0) if path == STANDARD_INPUT else os.open(path, os.O_RDONLY | os.O_NOCTTY)
            status = os.fstat(self._descriptor)
        except OSError as error:
            raise _unreadable(path, error.strerror) from error
        if stat.S_ISDIR(status.st_mode):
            os.close(self._descriptor)
            raise _unreadable(path, "Is a directory")
        is_file = stat.S_ISREG(status.st_mode)
        self._unpack = opener(path) if is_file else None
        self._start = os.lseek(self._descriptor, 0, os.SEEK_CUR) if is_file else 0
        self._ends: IO[bytes] | None = None if is_file else _nameless()
        self._read = False
        self.size = max(0, status.st_size - self._start) if is_file else 0

    @property
    def is_file(self) -> bool:
        """It can be read more than once, and its length is known."""
        return self._ends is None

    @property
    def weight(self) -> int:
        """About how many bytes of a file are to be looked at."""
        return self.size * _PACKED if self._unpack else self.size

    def inputs(self) -> list[Input]:
        """The file as the checker takes it."""
        return [Input(self.path, self._blocks)]

    def halves(self) -> tuple[Input, Input] | None:
        """The file in two parts, cut at a newline; None if it has none in the middle, or cannot be cut."""
        if self._unpack or not self.size:
            return None
        middle = self._start + self.size // 2
        edge = self._pread(middle, _SEARCHED).find(b"\n")
        if edge < 0:
            return None
        middle += edge
        end = self._start + self.size
        return (
            Input(self.path, lambda: self._plain(self._start, middle)),
            Input(self.path, lambda: self._plain(middle + 1, end), continued=True),
        )

    def close(self) -> None:
        """Lets go of it."""
        os.close(self._descriptor)
        if self._ends:
            self._ends.close()

    def _blocks(self) -> Iterator[bytes]:
        if self._unpack:
            return self._unpacked()
        return self._once() if self._ends else self._plain(self._start, self._start + self.size)

    def _plain(self, start: int, end: int) -> Iterator[bytes]:
        position = start

        def read(size: int) -> bytes:
            nonlocal position
            data = self._pread(position, min(size, end - position))
            position += len(data)
            return data

        return blocks(read)

    def _pread(self, offset: int, size: int) -> bytes:
        try:
            return os.pread(self._descriptor, size, offset)
        except OSError as error:
            raise _unreadable(self.path, error.strerror) from error

    def _unpacked(self) -> Iterator[bytes]:
        assert self._unpack
        stream = self._unpack(self._descriptor)

        def read(size: int) -> bytes:
            try:
                return stream.read(size)
            except DamagedError as error:
                self._tell(f"{self.path}: {error}; what stands before the damage was read")
            except OSError as error:
                raise _unreadable(self.path, error.strerror) from error
            return b""

        try:
            yield from blocks(read)
        finally:
            stream.close()

    def _once(self) -> Iterator[bytes]:
        assert self._ends
        if self._read:
            self._ends.seek(0)
            yield from blocks(self._ends.read)
            return
        self._read = True
        for block in blocks(lambda size: os.read(self._descriptor, size)):
            found = ended(block)
            if found:
                self._ends.write(b"-" + b"\n-".join(found) + b"\n")
            yield block


def in_two(files: Sequence[LedgerFile]) -> tuple[list[Input], list[Input]]:
    """The files, oldest first, as inputs for one process, and those for a second one: none where that is not worth it, there is
    one processor only, or something can be read but once."""
    whole = [each for file in files for each in file.inputs()]
    total = sum(file.weight for file in files)
    if total < LARGE or not all(file.is_file for file in files) or len(os.sched_getaffinity(0)) == 1:
        return whole, []
    before = 0
    for number, file in enumerate(files):
        if before + file.weight > total // 2:
            halves = file.halves() if before < total // 4 else None
            if halves:
                return [*whole[:number], halves[0]], [halves[1], *whole[number + 1 :]]
            cut = number if before else number + 1
            return whole[:cut], whole[cut:]
        before += file.weight
    return whole, []


def _nameless() -> IO[bytes]:
    """A file that nobody else finds."""
    from tempfile import TemporaryFile  # noqa: PLC0415 - few ledgers come through a pipe

    return TemporaryFile()


def _unreadable(path: str, reason: str | None) -> SourceError:
    return SourceError(reason or "cannot be read", place=Place("standard input" if path == STANDARD_INPUT else path))
