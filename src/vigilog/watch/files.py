"""A log file as a source, whatever rotates it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field

from vigilog.core.nouns import Grade, Position
from vigilog.core.seams import Reading
from vigilog.watch.first import first_steps, taken_over
from vigilog.watch.generation import Generation
from vigilog.watch.identity import Marks
from vigilog.watch.one_file import Log
from vigilog.watch.options import Options
from vigilog.watch.reading import follow
from vigilog.watch.rotation import History, look
from vigilog.watch.route import first_route
from vigilog.watch.steps import Route


@dataclass(frozen=True, slots=True)
class File:
    """The log at `path` (absolute). A packed one is read as it is, as a finished file."""

    path: str
    options: Options
    grade: Grade = field(default="resumable", init=False)

    @property
    def name(self) -> str:
        """`file:` and the path."""
        return "file:" + self.path

    def read(self, since: Position | None) -> Reading:
        """See `core.seams.Source` and `watch.reading.follow`.

        Notices: missing, unreadable (the position stays as it was); shrank; lost; long.
        """
        return follow(self.log(), since)

    def log(self) -> Log:
        """The log, as `reading.follow` needs it."""
        return Log(
            name=self.name,
            path=self.path,
            look=self._look,
            begin=self._begin,
            takeover=self._takeover,
            joins=_never,
            clock=self.options.clock,
            partial_lines=self.options.partial_lines,
        )

    def _look(self, former: str, opened: ExitStack) -> History:
        return look(self.path, former, opened)

    def _begin(self, history: History) -> Route:
        return first_route(history, first_steps(history.generations[-1:], self.options))

    def _takeover(self) -> Marks | None:
        left = taken_over(self.path, self.options.takeover)
        return Marks("", left, None) if left else None


def _never(_: Generation, __: Generation) -> bool:
    return False
