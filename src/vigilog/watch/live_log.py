"""A log with a history, followed while it grows: the same reading as in batch, made cheap by keeping the file open.

As long as nothing happened to the log's name, what was appended is read from the open file. Everything else (a rotation, a
cut, a file made anew) is the business of `reading.follow`, which is given the files that are open here: so what a writer
adds to a file whose name is gone is read, too.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack
from typing import Literal

from vigilog.core.errors import MissingExtra, SourceError
from vigilog.core.nouns import Chunk, Grade, Notice, Position
from vigilog.core.seams import Reading
from vigilog.watch.files import File
from vigilog.watch.held import Held
from vigilog.watch.identity import UNKNOWN, Mark, Marks, marks, state
from vigilog.watch.mounts import is_remote
from vigilog.watch.multilog import Multilog
from vigilog.watch.one_file import Progress, read_file
from vigilog.watch.places import Place, of_directory, of_file
from vigilog.watch.predecessor import end_before
from vigilog.watch.reading import beside, follow
from vigilog.watch.steps import step_at
from vigilog.watch.vanished import Unread

AT_ONCE = 16 * 1024 * 1024
"""So much is read at most before other sources get their turn; whoever reads may have enough sooner."""
_PATIENCE = 10.0
"""A log is missing so long (seconds) before it is said: in a rotation it is for a moment."""

_RETRY = 60.0
"""A log that could not be read is tried again after so long (seconds), even if nothing happens to it."""

_Items = Generator[Chunk | Notice, None, None]


class LiveLog:
    """A file or a multilog directory. See `live_kinds.Log`."""

    grade: Grade = "resumable"
    is_log: Literal[True] = True

    def __init__(self, source: File | Multilog) -> None:
        self.name = source.name
        self.more = False
        self._log = source.log()
        self._is_directory = isinstance(source, Multilog)
        self._held = Held(self._log.path)
        self._position: Position | None = None
        self._marks: Marks | None = None  # what the position means, once that was asked
        self._look = True
        self._reading: _Items | None = None
        self._absent_since: float | None = None
        self._said = ""
        self._again: float | None = None

    @property
    def due(self) -> float | None:
        """When it should be read even if nothing happens, by time.monotonic."""
        return min((moment for moment in (self._again, self._held.due) if moment is not None), default=None)

    @property
    def moved(self) -> bool:
        """The open files are others than before: they are to be watched, and the log read once more."""
        return self._held.moved

    def places(self) -> list[Place]:
        """What must be watched so that nothing happens to it unseen."""
        self._held.moved = False
        path = self._log.path
        return [*(of_directory(os.path.dirname(path)) if self._is_directory else of_file(path)), *self._held.places()]

    def is_told(self) -> bool:
        """The kernel tells of all that is written to it."""
        return not is_remote(self._log.path)

    def look(self) -> None:
        """Something happened to names: the next reading looks for the files."""
        self._look = True

    def is_quiet(self) -> bool:
        """Reading it gives nothing: nothing was written since the last time."""
        return not (self._look or self.more or self._is_due()) and bool(self._marks and self._held.is_quiet(self._marks))

    def read(self, since: Position | None) -> Reading:
        """See `core.seams.Source`; about 16 MiB at a time. A log that was not there at first is read from its start when it
        appears. A log that is not there, or cannot be read, is said once."""
        is_known = since is not None and self._position is not None and since.state == self._position.state
        reading = self._reading if is_known else None
        self._reading, self.more, resumed = None, False, reading is not None
        if not is_known:
            self._position, self._marks = since, None
        if reading is None:
            reading = self._whole(since) if self._look or self._is_due() or not is_known else self._grown()
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
        # A reading that was gone on with ends where the file ended when it began. What was written since then has been told
        # already, while it went on, and will not be told again.
        self.more = resumed

    def close(self) -> None:
        """Lets go of the files."""
        if self._reading:
            self._reading.close()
        self._held.close()

    def _is_due(self) -> bool:
        return self.due is not None and self.due <= time.monotonic()

    def _grown(self) -> _Items:
        """What was appended to the open file, if the log is that file still."""
        assert self._position
        seen = self._marks = self._marks or marks(self.name, self._position.state)
        end = None
        if self._held.is_current(seen):
            try:
                step = step_at(self._held.current, seen.own.offset, inside=seen.own.inside)
                progress = Progress(seen, self._position.state)
                end = yield from read_file(self._log, step, beside(seen.log, seen.previous), progress, finished=False)
            except OSError:
                end = None
        if end is None:  # also if it was cut just now
            yield from self._whole(self._position)

    def _whole(self, since: Position | None) -> _Items:
        """What was written wherever, by the way that batch takes."""
        self._look = False
        self._again = None
        absent: Notice | None = None
        found = since
        try:
            unread = self._held.unread(marks(self.name, since.state).own) if since else Unread()
            for item in follow(self._log, since, unread, self._held.keep):
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
            self._again = until
            return []
        if absent.kind == "unreadable":
            self._again = now + _RETRY
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
