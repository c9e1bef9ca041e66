"""The C library's memmem(3) on a buffer: several times faster than `bytes.find`, and other threads run meanwhile."""

from __future__ import annotations

import ctypes

_memmem = ctypes.CDLL(None).memmem
_memmem.restype = ctypes.c_void_p
_memmem.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t)


class Buffer:
    """`size` bytes of memory that can be filled, looked at and searched."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.data = bytearray(size)
        self.view = memoryview(self.data)
        self._address = ctypes.addressof(ctypes.c_char.from_buffer(self.data))

    def find(self, literal: bytes, start: int, end: int) -> int:
        """Where `literal` (which is not empty) begins first between two places; -1 if it does not."""
        found: int | None = _memmem(self._address + start, end - start, literal, len(literal)) if start < end else None
        return -1 if found is None else found - self._address

    def keep(self, start: int, end: int) -> int:
        """Moves what stands between two places to the beginning; gives how many bytes that are."""
        self.data[: end - start] = self.data[start:end]
        return end - start

    def larger(self) -> Buffer:
        """One of twice the size that begins with the same bytes."""
        other = Buffer(self.size * 2)
        other.view[: self.size] = self.view
        return other
