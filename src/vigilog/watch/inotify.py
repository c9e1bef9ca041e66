"""The kernel's word when files change (inotify(7), Linux), through the C library."""

from __future__ import annotations

import ctypes
import os
import struct
from typing import NamedTuple

MODIFY = 0x2
ATTRIBUTES = 0x4
MOVED_FROM = 0x40
MOVED_TO = 0x80
CREATE = 0x100
DELETE = 0x200
DELETE_SELF = 0x400
MOVE_SELF = 0x800
OVERFLOW = 0x4000
IGNORED = 0x8000
_MASK_ADD = 0x2000_0000

_EVENT = struct.Struct("iIII")
_ROOM = 64 * 1024


class Happened(NamedTuple):
    """One event: the number of the watch (-1: events were dropped, anything may have happened), what (bits), and to which name
    in a watched directory."""

    watch: int
    what: int
    name: bytes


class Inotify:
    """One instance of inotify. Raises OSError if there is none to be had."""

    def __init__(self) -> None:
        library = ctypes.CDLL(None, use_errno=True)
        self._add = library.inotify_add_watch
        self._add.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_uint32)
        self._remove = library.inotify_rm_watch
        self._remove.argtypes = (ctypes.c_int, ctypes.c_int)
        self._descriptor = library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._descriptor < 0:
            raise _error("")

    def fileno(self) -> int:
        """Readable when something happened."""
        return int(self._descriptor)

    def add(self, path: str, what: int) -> int:
        """Watches the file or directory at `path`, besides what is watched of it already; the same file gives the same number.
        Raises OSError."""
        number = int(self._add(self._descriptor, os.fsencode(path), what | _MASK_ADD))
        if number < 0:
            raise _error(path)
        return number

    def remove(self, watch: int) -> None:
        """Ends a watch; one that has ended by itself is none."""
        self._remove(self._descriptor, watch)

    def read(self) -> list[Happened]:
        """All that happened since the last call, in order. Never waits."""
        found: list[Happened] = []
        while True:
            try:
                data = os.read(self._descriptor, _ROOM)
            except BlockingIOError:
                return found
            start = 0
            while start < len(data):
                watch, what, _, length = _EVENT.unpack_from(data, start)
                start += _EVENT.size + length
                found.append(Happened(watch, what, data[start - length : start].rstrip(b"\0")))

    def close(self) -> None:
        """Ends all of it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1


def _error(path: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), path)
