"""The file that outlives the process: an mmap of pages, owner-only, locked for as long as its process lives."""

from __future__ import annotations

import atexit
import fcntl
import mmap
import os
import re
import time
from collections import deque
from contextlib import suppress

from vigilog.blackbox.layout import (
    END,
    ENDED,
    FREE,
    HEAD,
    OPEN,
    PAGE,
    SEEN,
    SEEN_AT,
    STATE,
    Head,
    PageHeader,
    head_bytes,
    page_header,
)
from vigilog.blackbox.own_descriptor import OwnDescriptor
from vigilog.blackbox.process import began

RING = ".ring"
FAULT = ".fault"
"""Beside a ring file: what faulthandler wrote."""
NEW = ".new"
"""A ring file that is being made."""
_STEP = 64
_ZERO = bytes(PAGE)
_NO_NAME = re.compile(r"[^A-Za-z0-9_.-]+")
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class RingFile:
    """The ring file of this process, in `directory`; at most `pages` pages. Room on the disk is reserved before a page is
    used, so that a full disk never kills the process. Raises OSError where it cannot be made.
    """

    def __init__(self, directory: str, service: str, file: str, pages: int, messages: int, now: float, *, wanted: bool) -> None:
        self.pages = pages
        self.secret = int.from_bytes(os.urandom(4), "little")
        self._free: deque[int] = deque()
        self._grown = 0
        self._full = False
        pid = os.getpid()
        name = f"{_NO_NAME.sub('_', service)[:80] or 'process'}-{pid}-{time.time_ns():x}"
        self.path = os.path.join(directory, name + RING)
        self.fault = os.path.join(directory, name + FAULT)
        fresh = os.path.join(directory, f".{name}{NEW}")
        head = Head(pid, self.secret, pages, messages, os.geteuid(), os.getegid(), wanted, began(now), now, service, file)
        descriptor = os.open(fresh, _FLAGS, 0o600)
        self._descriptor = OwnDescriptor(descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.posix_fallocate(descriptor, 0, HEAD)
            os.ftruncate(descriptor, HEAD + pages * PAGE)
            self.map = mmap.mmap(descriptor, HEAD + pages * PAGE)
            self.map[:HEAD] = head_bytes(head)
            self.seen(now)
            os.rename(fresh, self.path)
        except OSError:
            with suppress(OSError):
                os.unlink(fresh)
            self._descriptor.close()
            raise

    @property
    def spare(self) -> int:
        """How many pages can still be taken, as far as is known."""
        return len(self._free) + (0 if self._full else self.pages - self._grown)

    def take(self) -> int | None:
        """A page that nobody has, empty; None if there is none."""
        if not self._free and not self._full:
            self._grow()
        if not self._free:
            return None
        index = self._free.popleft()
        at = HEAD + index * PAGE
        self.map[at : at + PAGE] = _ZERO
        return index

    def give(self, index: int) -> None:
        """Nobody has the page any more. It is used again as late as possible: somebody may still be writing to it."""
        self.mark(index, FREE)
        self._free.append(index)

    def mark(self, index: int, state: int) -> None:
        """The page has this state now."""
        STATE.pack_into(self.map, HEAD + index * PAGE, state)

    def begin(self, index: int, header: PageHeader) -> None:
        """Writes the header of a page, which does not count yet."""
        data = page_header(header)
        at = HEAD + index * PAGE + STATE.size
        self.map[at : at + len(data)] = data

    def open(self, index: int) -> None:
        """From now on the page counts."""
        self.mark(index, OPEN)

    def seen(self, moment: float) -> None:
        """The process was alive at `moment`, seconds since the epoch."""
        SEEN_AT.pack_into(self.map, SEEN, moment)

    def close(self, *, remove: bool) -> None:
        """Lets go of the file; with `remove` it is gone: this was a normal end."""
        if remove:
            # For one that cannot remove its file any more, out of a chroot or without its former rights.
            self.map[END : END + len(ENDED)] = ENDED
            for path in (self.path, self.fault):
                with suppress(OSError):
                    os.unlink(path)
        if self._descriptor.number is None:
            # The program has closed what it did not know, so the map's own descriptor may be one of its files by now. Closing
            # the map would close that too: it stays until the program ends.
            atexit.register(len, self.map)
            return
        self.map.close()
        self._descriptor.close()

    def _grow(self) -> None:
        count = min(_STEP, self.pages - self._grown)
        if count > 0:
            descriptor = self._descriptor.number
            if descriptor is None:
                self._full = True
                return
            try:
                os.posix_fallocate(descriptor, HEAD + self._grown * PAGE, count * PAGE)
            except OSError:
                self._full = True
                return
            self._free.extend(range(self._grown, self._grown + count))
            self._grown += count
