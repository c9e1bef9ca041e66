"""The files of a live log that are kept open, so that nothing which is written to them is lost when their names change."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import closing

from vigilog.watch.generation import Generation, open_generation
from vigilog.watch.identity import Mark, Marks, holds, is_same_inode
from vigilog.watch.places import Place, of_open
from vigilog.watch.vanished import Seen, Unread, signs

_GRACE = 60.0
"""A file whose name is gone is kept open so long (seconds), for writers that have not noticed."""


class Held:
    """The open files of the log at `path`: the one that is being read, the one before it, and those behind it.

    `due`: when it should be looked whether one of them can be closed (by time.monotonic). `moved`: they are others than before.
    """

    def __init__(self, path: str) -> None:
        self.due: float | None = None
        self.moved = False
        self._path = path
        self._files: list[Generation] = []
        self._nameless_since: float | None = None
        self._seen: tuple[int, ...] = ()
        self._known: frozenset[Seen] = frozenset()

    @property
    def current(self) -> Generation:
        """The newest of them."""
        return self._files[-1]

    def places(self) -> list[Place]:
        """What must be watched to hear of what is written to them."""
        return [of_open(file.descriptor) for file in self._files]

    def is_current(self, seen: Marks) -> bool:
        """The log is the open file that was read to this mark, and has only grown; what is before it is done with."""
        own = seen.own
        try:
            status = os.stat(self._path)
            if not self._files or not _is_all(own, self.current, status):
                return False
            if any((file.size() or 0) > _read_of(file, seen.previous) for file in self._files[:-1]):
                return False
            self.current.modified = status.st_mtime_ns
            if 0 < own.offset <= status.st_size and holds(own, self.current):  # at 0 nobody can tell whether it was cut
                self._seen = _signs(status)
                return True
        except OSError:
            pass
        return False

    def is_quiet(self, seen: Marks) -> bool:
        """Nothing was written since is_current said yes."""
        try:
            if not self._files or _signs(os.stat(self._path)) != self._seen:
                return False
            return not any((file.size() or 0) > _read_of(file, seen.previous) for file in self._files[:-1])
        except OSError:
            return False

    def unread(self, own: Mark) -> Unread:
        """The open files, but for one that is deleted and was replaced by a copy of itself with another end, as editors do."""
        try:
            present = open_generation(self._path, follow=True)
        except (OSError, ValueError):
            return Unread(tuple(self._files), self._known)
        with closing(present):
            is_copied = not is_same_inode(own, present) and holds(own, present)
        files = [file for file in self._files if not (is_copied and is_same_inode(own, file) and file.is_nameless())]
        return Unread(tuple(files), self._known)

    def keep(self, generations: Sequence[Generation], seen: Marks | None) -> None:
        """Goes on with those of `generations` (oldest first) that matter, and lets go of the others."""
        self.due = None
        self._known = frozenset(map(signs, generations))
        kept: list[Generation] = []
        for file in generations:
            is_own = seen is not None and is_same_inode(seen.own, file)
            is_previous = seen is not None and seen.previous is not None and is_same_inode(seen.previous, file)
            if (kept or is_own or (is_previous and self._is_wanted(file))) and not file.is_packed:
                kept.append(file.again())  # also the empty ones between them
        former = {(file.device, file.inode) for file in self._files}
        self.close()
        self._files = kept
        self.moved = self.moved or not {(file.device, file.inode) for file in kept} <= former

    def close(self) -> None:
        """Lets go of them."""
        for file in self._files:
            file.close()
        self._files = []
        self._seen = ()

    def _is_wanted(self, previous: Generation) -> bool:
        """Somebody may still write to it."""
        if not previous.is_nameless():
            self._nameless_since = None
            return True
        now = time.monotonic()
        self._nameless_since = self._nameless_since or now
        self.due = self._nameless_since + _GRACE
        return now < self.due


def _is_all(own: Mark, current: Generation, status: os.stat_result) -> bool:
    here = (current.device, current.inode)
    return here == (status.st_dev, status.st_ino) == (own.device, own.inode)


def _signs(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _read_of(file: Generation, previous: Mark | None) -> int:
    return previous.offset if previous and is_same_inode(previous, file) else 0
