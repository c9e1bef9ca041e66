"""Black boxes of processes that died: their blocks are written as soon as the kernel says that a ring file was let go of.

The death of a process closes its ring file, whatever it died of. Where that is not told (a directory that is not there yet, no
inotify), the directories are looked at once a minute.
"""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Sequence

from vigilog.blackbox.recovery import recover
from vigilog.blackbox.ring_file import RING
from vigilog.core.clock import Clock
from vigilog.run.errands import Done
from vigilog.watch.inotify import Happened, Inotify

CLOSE_WRITE = 0x8
"""From <sys/inotify.h>."""
SETTLING = 0.1
"""The kernel tells of the closing a moment before it releases the lock, and processes often die in company."""


class Recovering:
    """Watches the directories of `wanted`: DIRECTORY, or DIRECTORY:FILE with the file that blocks go to. `say` takes a line for
    the log, `steady` is a clock that only goes forward."""

    def __init__(self, wanted: Sequence[str], say: Callable[[str], None], steady: Clock) -> None:
        self._say, self._steady = say, steady
        self._poll = select.epoll()
        self._inotify: Inotify | None = None
        self._due: float | None = None
        self._working = False
        self._left: frozenset[str] = frozenset()
        self._troubles: frozenset[str] = frozenset()
        self.replace(wanted)

    def fileno(self) -> int:
        """Readable when `is_due` should be asked."""
        return self._poll.fileno()

    def timeout(self) -> float | None:
        """After how many seconds it should be asked even so."""
        return None if self._due is None or self._working else max(0.0, self._due - self._steady())

    def replace(self, wanted: Sequence[str]) -> None:
        """Watches these from now on, and looks at them soon."""
        self._wanted = [(directory, file or None) for directory, _, file in (each.partition(":") for each in wanted)]
        if self._inotify is not None:
            self._poll.unregister(self._inotify)
            self._inotify.close()
            self._inotify = None
        self.watch()

    def watch(self) -> None:
        """Has the kernel tell of what is there by now. To be called from time to time."""
        if not self._wanted:
            self._due = None
            return
        self._due = self._steady()
        try:
            if self._inotify is None:
                self._inotify = Inotify()
                self._poll.register(self._inotify, select.EPOLLIN)
        except OSError:
            return
        for directory, _ in self._wanted:
            if os.path.isdir(directory):
                try:
                    self._inotify.add(directory, CLOSE_WRITE)
                except OSError:  # what keeps it from being watched keeps it from being read, too; and that is said
                    continue

    def is_due(self) -> bool:
        """Whether `work` should be done now: then by whoever asks, before this says so again."""
        if self._inotify is not None and any(map(self._matters, self._inotify.read())) and self._due is None:
            self._due = self._steady() + SETTLING
        if self._working or self._due is None or self._due > self._steady():
            return False
        self._due = None
        self._working = True
        return True

    def work(self) -> Done:
        """Writes the blocks of all that are dead, and says so. What could not be done is said once."""
        left: list[str] = []
        troubles: list[str] = []
        try:
            for directory, file in self._wanted:
                if os.path.isdir(directory):
                    left += self._recover(directory, file, troubles)
        finally:
            for trouble in dict.fromkeys(troubles):
                if trouble not in self._troubles:
                    self._say(trouble)
            self._left, self._troubles = frozenset(left), frozenset(troubles)
            self._working = False
        return Done({"ok": True})

    def close(self) -> None:
        """Watches nothing any more."""
        if self._inotify is not None:
            self._inotify.close()
        self._poll.close()

    def _recover(self, directory: str, file: str | None, troubles: list[str]) -> list[str]:
        """Writes the blocks of one directory; gives the names of the ring files of dead processes that are there still."""
        try:
            found = recover(directory, file, notice=troubles.append)
        except OSError as error:
            troubles.append(f"{directory}: {error.strerror or error}")
            return []
        for process in found.processes:
            self._say(f"process {process.pid} of {process.service or 'no service'} died; see the blocks of {directory}")
        return found.left

    def _matters(self, event: Happened) -> bool:
        """Whether it may have been the death of a process, and not the attempt to write its blocks."""
        name = os.fsdecode(event.name)
        return event.watch < 0 or (name.endswith(RING) and name not in self._left)
