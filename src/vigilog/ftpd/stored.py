"""A file that is being stored or retrieved, and how much of it was."""

from __future__ import annotations

import os


class StoredFile:
    """What pyftpdlib needs of a file. `name` is its path outside any confinement; `amount`, in bytes, what went through
    `read` and `write` so far: of a text, that is after its line ends were translated."""

    def __init__(self, descriptor: int, name: str, mode: str) -> None:
        self.name = name
        self.mode = mode
        self.amount = 0
        self._descriptor = descriptor

    @property
    def closed(self) -> bool:
        return self._descriptor < 0

    def fileno(self) -> int:
        if self.closed:
            raise ValueError("the file is closed")
        return self._descriptor

    def read(self, size: int) -> bytes:
        data = os.read(self.fileno(), size)
        self.amount += len(data)
        return data

    def write(self, data: bytes) -> None:
        """Writes all of it. Raises OSError: a full disk, a quota."""
        rest = memoryview(data)
        while rest:
            written = os.write(self.fileno(), rest)
            self.amount += written
            rest = rest[written:]

    def seek(self, position: int) -> None:
        os.lseek(self.fileno(), position, os.SEEK_SET)

    def tell(self) -> int:
        return os.lseek(self.fileno(), 0, os.SEEK_CUR)

    def size(self) -> int:
        """How large it is now, in bytes."""
        return os.fstat(self.fileno()).st_size

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
            self._descriptor = -1
