"""A descriptor in a program that may close it, as daemons do with what they do not know: its number is another file's then."""

from __future__ import annotations

import os


class OwnDescriptor:
    """The open file `number`, for as long as it is the one that it was when this was made."""

    __slots__ = ("_file", "_number")

    def __init__(self, number: int) -> None:
        self._number = number
        self._file = _file_of(number)

    @property
    def number(self) -> int | None:
        """The descriptor; None if it was closed, whatever has its number now."""
        try:
            return self._number if _file_of(self._number) == self._file else None
        except OSError:
            return None

    def close(self) -> None:
        """Closes it. A second call does nothing, nor does one that would close somebody else's file."""
        number, self._file = self.number, (-1, -1)
        if number is not None:
            os.close(number)


def _file_of(number: int) -> tuple[int, int]:
    found = os.fstat(number)
    return found.st_dev, found.st_ino
