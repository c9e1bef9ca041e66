"""A directory written by daemontools' multilog (0.76) as a source.

Finished files are called `@STAMP.s`, or `@STAMP.u` after a crash; the stamps are TAI64N labels, so that names in order are
files in order. `previous` waits for the processor, `current` is being written. multilog ends a file at a newline or, when a
line is longer than a file may be, within it: then the next file goes on without a stamp.
"""

from __future__ import annotations

import os
import re
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from vigilog.core.nouns import Grade, Position
from vigilog.core.seams import Reading
from vigilog.parse.tai64n import LABEL
from vigilog.watch.first import first_steps
from vigilog.watch.generation import Generation
from vigilog.watch.one_file import Log
from vigilog.watch.options import Options
from vigilog.watch.reading import follow
from vigilog.watch.rotation import History, Series, look
from vigilog.watch.route import first_route
from vigilog.watch.steps import Route

_FINISHED = re.compile(r"@[0-9a-f]{24}\.[su]")


@dataclass(frozen=True, slots=True)
class Multilog:
    """The log directory `directory` (absolute)."""

    directory: str
    options: Options
    grade: Grade = field(default="resumable", init=False)

    @property
    def name(self) -> str:
        """`multilog:` and the directory."""
        return "multilog:" + self.directory

    def read(self, since: Position | None) -> Reading:
        """See `core.seams.Source` and `watch.reading.follow`. At a first reading all is every file of the directory.

        Notices: missing, unreadable (the position stays as it was); lost, when files were deleted before they were read; long.
        """
        return follow(self.log(), since)

    def log(self) -> Log:
        """The log, as `reading.follow` needs it."""
        return Log(
            name=self.name,
            path=os.path.join(self.directory, "current"),
            look=self._look,
            begin=self._begin,
            takeover=_nothing,
            joins=_joins,
            clock=self.options.clock,
            partial_lines=self.options.partial_lines,
        )

    def _look(self, _: str, opened: ExitStack) -> History:
        history = look(os.path.join(self.directory, "current"), "", opened, _finished)
        if history.current is None and history.generations:  # between two files, or stopped there
            return replace(history, current=history.generations[-1], reason=None)
        return history

    def _begin(self, history: History) -> Route:
        return first_route(history, first_steps(history.generations, self.options))


def _nothing() -> None:
    return None


def _finished(path: str) -> Series:
    directory = os.path.dirname(path)
    try:
        names = sorted(os.listdir(directory))
    except OSError:
        return []
    stamped = [name for name in names if _FINISHED.fullmatch(name)]
    waiting = ["previous"] if "previous" in names else []
    return [[os.path.join(directory, name) for name in stamped + waiting]]


def _joins(file: Generation, following: Generation) -> bool:
    """The last line of `file` goes on in `following`: it has no newline, and there is no stamp to begin another."""
    length = file.length()
    is_whole = length > 0 and file.read_at(length - 1, 1) == b"\n"
    return not is_whole and not file.path.endswith(".u") and LABEL.match(following.read_at(0, 25)) is None
