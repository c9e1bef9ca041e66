"""One file of a log's history, open for reading: the log itself or one that was rotated away, packed or not."""

from __future__ import annotations

import hashlib
import os
import stat
from functools import partial

from vigilog.watch.compressed import opener
from vigilog.watch.streams import Window

_STEP = 256 * 1024


def digest(data: bytes) -> str:
    """The fingerprint of `data`: 32 hex digits that nobody can bring about again with other data (BLAKE2b)."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


class Generation:
    """An open file of a log. Renaming or deleting it does not disturb its readers.

    `path` is its name when it was opened, `modified` the time of its last change then, in nanoseconds. A packed file is
    finished: nobody appends to it.
    """

    def __init__(self, path: str, descriptor: int) -> None:
        status = os.fstat(descriptor)
        unpack = opener(path)
        self.path = path
        self.descriptor = descriptor
        self.device = status.st_dev
        self.inode = status.st_ino
        self.modified = status.st_mtime_ns
        self.is_packed = unpack is not None
        self._unpacked = Window(partial(unpack, descriptor)) if unpack else None

    def read_at(self, offset: int, size: int) -> bytes:
        """The `size` unpacked bytes at `offset`; fewer only at the end. Raises OSError, and MissingExtra for a packed one."""
        if self._unpacked:
            return self._unpacked.read_at(offset, size)
        return os.pread(self.descriptor, size, offset)

    def size(self) -> int | None:
        """How many bytes are in it now; None for a packed file, whose length shows when its end is read."""
        return None if self.is_packed else os.fstat(self.descriptor).st_size

    def length(self) -> int:
        """How many bytes can be read from it. A packed file is unpacked to its end for that."""
        size = self.size()
        if size is not None:
            return size
        length = 0
        while piece := self.read_at(length, _STEP):
            length += len(piece)
        return length

    def is_empty(self) -> bool:
        """Nothing is in it. Raises what read_at raises."""
        return not self.read_at(0, 1)

    def is_nameless(self) -> bool:
        """It was deleted, and lives only as long as somebody has it open. Raises OSError."""
        return os.fstat(self.descriptor).st_nlink == 0

    def again(self) -> Generation:
        """The same file, open once more."""
        return Generation(self.path, os.dup(self.descriptor))

    @property
    def damage(self) -> str:
        """Why a packed file could not be read to its end, or empty."""
        return self._unpacked.damage if self._unpacked else ""

    def close(self) -> None:
        """Lets go of the file."""
        if self._unpacked:
            self._unpacked.close()
        os.close(self.descriptor)


def open_generation(path: str, *, follow: bool) -> Generation:
    """Opens a regular file, without waiting for anybody; links are followed only if `follow`. Raises OSError if it cannot be
    opened, and ValueError if it is no regular file."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    descriptor = os.open(path, flags)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return Generation(path, descriptor)
    os.close(descriptor)
    raise ValueError(path)
