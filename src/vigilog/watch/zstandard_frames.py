"""Unpacking .zst with the package `zstandard`. Loaded only when such a file is read."""

from __future__ import annotations

import os

import zstandard

from vigilog.watch.streams import DamagedError

_SLICE = 128
"""Packed bytes at a time. The library gives all that they unpack to, and 128 bytes of zeros packed well are 4 MiB."""


class Frames:
    """One frame after the other, as `zstd` writes them and `cat` joins them."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._offset = 0
        self._packed = b""
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._began = False

    def read(self, size: int, /) -> bytes:
        """Some unpacked bytes (`size` does not limit them), none at the end. Raises DamagedError."""
        del size
        while True:
            if not self._packed:
                self._packed = os.pread(self._descriptor, 64 * 1024, self._offset)
                self._offset += len(self._packed)
            if not self._packed:
                if self._began:
                    raise DamagedError("the last frame is cut off")
                return b""
            piece, self._packed = self._packed[:_SLICE], self._packed[_SLICE:]
            self._began = True
            try:
                data = self._frame.decompress(piece)
            except zstandard.ZstdError as error:
                raise DamagedError(str(error)) from error
            if self._frame.eof:
                self._packed = self._frame.unused_data + self._packed
                self._frame = zstandard.ZstdDecompressor().decompressobj()
                self._began = False
            if data:
                return data

    def close(self) -> None:
        """Nothing is open but the caller's descriptor."""
