"""How far the recovery of a ring file is, in its head: which block was about to be written, and where.

Whoever goes on with a recovery looks whether that block is there, whole or in part, before it writes anything.
"""

from __future__ import annotations

import os
import struct
from contextlib import suppress
from typing import NamedTuple
from zlib import crc32

from vigilog.blackbox.layout import JOURNAL

_ENTRY = struct.Struct("=QQQQQI")
_CHECK = struct.Struct("=I")
_PIECE = 1 << 20


class Entry(NamedTuple):
    """The block of a session: the file (device and inode), its offset and length there, its checksum."""

    session: int
    device: int
    inode: int
    offset: int
    length: int
    checksum: int


def written(ring: int, entry: Entry) -> None:
    """Puts `entry` in the head of the ring file open as `ring`. Raises OSError."""
    data = _ENTRY.pack(*entry)
    os.pwrite(ring, data + _CHECK.pack(crc32(data)), JOURNAL)


def read(data: bytes) -> Entry | None:
    """The entry in a ring file's bytes; None if there is none, or it was torn: then nothing was written after it."""
    raw = data[JOURNAL : JOURNAL + _ENTRY.size]
    (checksum,) = _CHECK.unpack_from(data, JOURNAL + _ENTRY.size)
    entry = Entry(*_ENTRY.unpack(raw))
    return entry if entry.session and crc32(raw) == checksum else None


def done(entry: Entry, path: str) -> bool:
    """Whether the block of `entry` is whole in the file at `path`, or in the one that this was before it was rotated."""
    found = _file(entry, path)
    return found is not None and _checksum(found, entry) == entry.checksum


def began(entry: Entry, path: str, end: int, block: bytes) -> bool:
    """Whether the file at `path`, `end` bytes long, ends with a part of `block` that belongs to `entry`."""
    length = end - entry.offset
    if not 0 < length < len(block) or _file(entry, path) != path:
        return False
    with open(path, "rb") as file:
        file.seek(entry.offset)
        return file.read(length) == block[:length]


def _file(entry: Entry, path: str) -> str | None:
    """Where the file of `entry` is now: at `path`, or beside it."""
    directory = os.path.dirname(path)
    beside = []
    with suppress(OSError):
        beside = [os.path.join(directory, name) for name in os.listdir(directory)]
    for each in (path, *beside):
        with suppress(OSError):
            found = os.stat(each, follow_symlinks=False)
            if (found.st_dev, found.st_ino) == (entry.device, entry.inode):
                return each
    return None


def _checksum(path: str, entry: Entry) -> int | None:
    checksum = left = 0
    try:
        with open(path, "rb") as file:
            file.seek(entry.offset)
            left = entry.length
            while left and (piece := file.read(min(left, _PIECE))):
                checksum = crc32(piece, checksum)
                left -= len(piece)
    except OSError:
        return None
    return None if left else checksum
