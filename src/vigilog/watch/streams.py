"""Reading by offset where bytes only come in order: packed files and pipes, in flat memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

_STEP = 256 * 1024
_BEHIND = 4096


class DamagedError(Exception):
    """What a stream is made of is cut off or wrong; the text says how."""


class Stream(Protocol):
    """Bytes that come in order."""

    def read(self, size: int, /) -> bytes:
        """About `size` bytes; none at the end. Raises OSError and DamagedError."""

    def close(self) -> None:
        """Nothing more is wanted."""


class Window:
    """Reading by offset over a stream: forward at the stream's pace; far back means from the start again, except for the
    first few KiB, which stay.

    A damaged stream ends where the damage begins, and `damage` says what it is.
    """

    def __init__(self, begin: Callable[[], Stream]) -> None:
        self._begin = begin
        self._stream: Stream | None = None
        self._bytes = bytearray()
        self._start = 0
        self._head = b""
        self.damage = ""

    def read_at(self, offset: int, size: int) -> bytes:
        """The `size` bytes at `offset`, fewer only at the end. Raises OSError, and what beginning the stream raises."""
        if offset + size <= len(self._head):
            return self._head[offset : offset + size]
        if self._stream is None or offset < self._start:
            self.close()
            self._stream = self._begin()
        while self._start + len(self._bytes) < offset + size:
            more = self._more(self._stream)
            if not more:
                break
            self._bytes += more
            if not self._start:
                self._head = bytes(self._bytes[:_BEHIND])
            surplus = min(offset - _BEHIND - self._start, len(self._bytes))
            if surplus > 0:
                del self._bytes[:surplus]
                self._start += surplus
        with memoryview(self._bytes) as view:
            return bytes(view[offset - self._start : offset - self._start + size])

    def close(self) -> None:
        """Lets go of the stream. Reading afterwards begins anew."""
        if self._stream is not None:
            self._stream.close()
        self._stream, self._bytes, self._start, self.damage = None, bytearray(), 0, ""

    def _more(self, stream: Stream) -> bytes:
        if self.damage:
            return b""
        try:
            return stream.read(_STEP)
        except DamagedError as error:
            self.damage = str(error)
            return b""
