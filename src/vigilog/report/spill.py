"""A file without a name that holds what memory should not. Imported only when it is needed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable

from vigilog.core.errors import StoreError


class Spill:
    """An unlinked file, readable by nobody else, in `directory` (None: where temporary files go). Grows only.

    Raises StoreError where the file cannot be made or grow.
    """

    def __init__(self, directory: str | None) -> None:
        self._directory = tempfile.gettempdir() if directory is None else directory
        self._end = 0
        try:
            self._file = tempfile.TemporaryFile("w+b", buffering=0, dir=directory)  # noqa: SIM115 - lives as long as this
        except OSError as error:
            raise self._failure(error) from error

    def append(self, pieces: Iterable[bytes]) -> tuple[int, int]:
        """Writes `pieces` one after the other; gives where they begin and how many bytes they are."""
        start = end = self._end
        try:
            for piece in pieces:
                rest = memoryview(piece)
                while rest:
                    written = os.pwrite(self._file.fileno(), rest, end)
                    rest = rest[written:]
                    end += written
        except OSError as error:
            raise self._failure(error) from error
        self._end = end
        return start, end - start

    def read(self, start: int, length: int, offset: int, size: int) -> bytes:
        """At most `size` bytes from `offset` on of the `length` bytes that begin at `start`."""
        try:
            return os.pread(self._file.fileno(), max(0, min(size, length - offset)), start + offset)
        except OSError as error:
            raise self._failure(error) from error

    def close(self) -> None:
        """Gives the space back."""
        self._file.close()

    def _failure(self, error: OSError) -> StoreError:
        return StoreError(
            f"a report too large for memory cannot be kept in {self._directory}: {error.strerror}",
            remedy="make room there, or set TMPDIR to a directory that has some",
        )
