"""A log with a history, followed while it grows: the same reading as in batch, made cheap by keeping the file open.

As long as nothing happened to the log's name, what was appended is read from the open file. Everything else (a rotation, a
cut, a file made anew) is the business of `reading.follow`, which is given the files that are open here: so what a writer
adds to a file whose name is gone is read, too.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing
from typing import Literal

from vigilog.core.errors import MissingExtra, SourceError
from vigilog.core.nouns import Chunk, Grade, Notice, Position
from vigilog.core.seams import Reading
from vigilog.watch.files import File
from vigilog.watch.generation import Generation, open_generation
from vigilog.watch.identity import UNKNOWN, Mark, Marks, holds, is_same_inode, marks, state
from vigilog.watch.multilog import Multilog
from vigilog.watch.one_file import Progress, read_file
from vigilog.watch.places import Place, of_directory, of_file, of_open
from vigilog.watch.predecessor import end_before
from vigilog.watch.reading import beside, follow
from vigilog.watch.steps import step_at

AT_ONCE = 1024 * 1024
"""So much is read before other sources get their turn."""
_PATIENCE = 10.0
"""A log is missing so long (seconds) before it is said: in a rotation it is for a moment."""
_GRACE = 60.0
"""A file whose name is gone is kept open so long (seconds), for writers that have not noticed."""

_Items = Generator[Chunk | Notice, None, None]


class LiveLog:
    """A file or a multilog directory. `files` are those that are open, the present one last.

    `due` is when it should be read even if nothing happens, `more` says that it should be at once, `moved` that the open files
    are others than before: whoever watches them must watch these, and read once more.
    """

    grade: Grade = "resumable"
    is_log: Literal[True] = True

    def __init__(self, source: File | Multilog) -> None:
        self.name = source.name
        self.path = source.log().path
        self._is_directory = isinstance(source, Multilog)
        self.files: list[Generation] = []
        self.due: float | None = None
        self.more = False
        self.moved = False
        self._log = source.log()
        self._marks: Marks | None = None
        self._position: Position | None = None
        self._look = True
        self._reading: _Items | None = None
        self._absent_since: float | None = None
        self._said = ""
        self._nameless_since: float | None = None

    def places(self) -> list[Place]:
        """What must be watched so that nothing happens to it unseen."""
        named = of_directory(os.path.dirname(self.path)) if self._is_directory else of_file(self.path)
        return [*named, *(of_open(file.descriptor) for file in self.files)]

    def look(self) -> None:
        """Something happened to names: the next reading looks for the files."""
        self._look = True

    def read(self, since: Position | None) -> Reading:
        """See `core.seams.Source`; about 1 MiB at a time. A log that was not there at first is read from its start when it
        appears. A log that is not there, or cannot be read, is said once."""
        is_known = since is not None and self._position is not None and since.state == self._position.state
        reading = self._reading if is_known else None
        self._reading, self.more = None, False
        if reading is None:
            reading = self._grown(self._position, self._marks) if is_known and self._is_plain() else self._whole(since)
        left = AT_ONCE
        for item in reading:
            if isinstance(item, Chunk):
                self._position, self._marks = item.position, None
                left -= len(item.data)
            try:
                yield item
            except GeneratorExit:  # who reads has enough for now
                self._reading, self.more = reading, True
                raise
            if left <= 0:
                self._reading, self.more = reading, True
                return

    def close(self) -> None:
        """Lets go of the files."""
        if self._reading:
            self._reading.close()
        for file in self.files:
            file.close()
        self.files = []

    def _is_plain(self) -> bool:
        """The log is the open file still, and all before it is done with."""
        if self._look or not self.files or (self.due is not None and self.due <= time.monotonic()):
            return False
        if self._marks is None:
            assert self._position
            self._marks = marks(self.name, self._position.state)
        own, previous, current = self._marks.own, self._marks.previous, self.files[-1]
        try:
            status = os.stat(self.path)
            if (status.st_dev, status.st_ino, own.device, own.inode) != (current.device, current.inode) * 2:
                return False
            if any((file.size() or 0) > _read_of(file, previous) for file in self.files[:-1]):
                return False
            current.modified = status.st_mtime_ns
            return 0 < own.offset <= status.st_size and holds(own, current)  # at 0 nobody can tell whether it was cut
        except OSError:
            return False

    def _grown(self, position: Position | None, seen: Marks | None) -> _Items:
        """What was appended to the open file."""
        assert position
        assert seen
        progress = Progress(seen, position.state)
        try:
            step = step_at(self.files[-1], seen.own.offset, inside=seen.own.inside)
            end = yield from read_file(self._log, step, beside(seen.log, seen.previous), progress, finished=False)
        except OSError:
            end = None
        if end is None:  # it was cut just now
            yield from self._whole(self._position)

    def _whole(self, since: Position | None) -> _Items:
        """What was written wherever, by the way that batch takes."""
        self._look = False
        self.due = None
        absent: Notice | None = None
        found = since
        try:
            for item in follow(self._log, since, self._unreplaced(since), self._keep):
                if isinstance(item, Notice) and item.kind in {"missing", "unreadable"}:
                    absent = item
                else:
                    found = item.position if isinstance(item, Chunk) else found
                    yield item
            if found is None and absent and absent.kind == "missing":
                yield self._nothing_yet()
        except (SourceError, MissingExtra) as error:
            absent = Notice("unreadable", self.name, str(error))
        yield from self._say(absent, at_once=since is None)

    def _say(self, absent: Notice | None, *, at_once: bool) -> Sequence[Notice]:
        now = time.monotonic()
        if absent is None:
            self._absent_since, self._said = None, ""
            return []
        if self._absent_since is None:
            self._absent_since = now
        until = self._absent_since + (0 if at_once else _PATIENCE)
        if now < until:
            self.due = until
            return []
        if absent.text == self._said:
            return []
        self._said = absent.text
        return [absent]

    def _nothing_yet(self) -> Chunk:
        """The position of a log that is not there: whatever appears under its name is new."""
        with ExitStack() as opened:
            history = self._log.look("", opened)
            last = len(history.generations) - (history.current is not None)
            before = end_before(history.generations, last) if history.generations else None
            own = Mark(UNKNOWN, UNKNOWN, 0)
            return Chunk(self.name, b"", self._log.clock(), Position(self.name, state(Marks(history.log, own, before))))

    def _unreplaced(self, since: Position | None) -> list[Generation]:
        """The open files, but for one that is deleted and was replaced by a copy of itself with another end, as editors do."""
        if since is None:
            return []
        own = marks(self.name, since.state).own
        try:
            present = open_generation(self.path, follow=True)
        except (OSError, ValueError):
            return self.files
        with closing(present):
            is_copied = not is_same_inode(own, present) and holds(own, present)
        return [file for file in self.files if not (is_copied and is_same_inode(own, file) and file.is_nameless())]

    def _keep(self, generations: Sequence[Generation], seen: Marks | None) -> None:
        """Goes on with the file that is being read, the one before it and those behind it, and lets go of the others."""
        kept: list[Generation] = []
        for file in generations:
            is_own = seen is not None and is_same_inode(seen.own, file)
            is_previous = seen is not None and seen.previous is not None and is_same_inode(seen.previous, file)
            if (kept or is_own or (is_previous and self._is_wanted(file))) and not file.is_packed:
                kept.append(file.again())  # also the empty ones between them
        former = {(file.device, file.inode) for file in self.files}
        for file in self.files:
            file.close()
        self.files = kept
        self.moved = self.moved or not {(file.device, file.inode) for file in kept} <= former

    def _is_wanted(self, previous: Generation) -> bool:
        """Somebody may still write to it."""
        if not previous.is_nameless():
            self._nameless_since = None
            return True
        now = time.monotonic()
        self._nameless_since = self._nameless_since or now
        self.due = self._nameless_since + _GRACE
        return now < self.due


def _read_of(file: Generation, previous: Mark | None) -> int:
    return previous.offset if previous and is_same_inode(previous, file) else 0
