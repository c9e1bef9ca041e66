"""Standard output whose failed writes are errors like any other: one line on standard error, and a status."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

NAME = "standard output"


class _Descriptor(io.FileIO):
    """Descriptor 1. Once something could not be written the rest is dropped: there is one error, and the interpreter does not
    complain about what is left while it exits."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self._failed = False

    def write(self, data: ReadableBuffer, /) -> int:
        """Raises DeliveryError where the system refuses it, BrokenPipeError if nobody reads it any more."""
        if self._failed:
            return memoryview(data).nbytes
        try:
            return super().write(data)
        except BrokenPipeError:
            self._failed = True
            raise
        except OSError as error:
            self._failed = True
            from vigilog.core.errors import DeliveryError  # noqa: PLC0415 - only then
            from vigilog.core.nouns import Place  # noqa: PLC0415

            raise DeliveryError(error.strerror or "cannot be written", place=Place(NAME)) from error


def standard_output(now: TextIO | None) -> TextIO:
    """A stream as `now` is, which is this process's standard output (None: it was closed at the start), with such errors."""
    if now is None:
        return open(os.devnull, "w", encoding="utf-8")
    if not isinstance(now, io.TextIOWrapper):
        return now
    raw = _Descriptor(now.fileno())
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=now.encoding,
        errors=now.errors,
        line_buffering=now.line_buffering,
        write_through=now.write_through,
    )


def take() -> None:
    """From now on, this process prints there."""
    sys.stdout = standard_output(sys.stdout)
