"""A pattern of file names, followed while its files grow, appear and go."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from vigilog.core.nouns import Chunk, Grade, Notice, Position, Scalar
from vigilog.core.seams import Reading
from vigilog.watch.files import File
from vigilog.watch.globs import Glob, fold, unfold
from vigilog.watch.live_log import LiveLog
from vigilog.watch.mounts import is_remote
from vigilog.watch.places import Place, of_pattern, root

_GRACE = 60.0
"""A file whose name is gone is followed so long (seconds), for writers that have not noticed."""


class LiveGlob:
    """The files that match a pattern, each followed as `LiveLog` does it."""

    grade: Grade = "resumable"
    is_log: Literal[True] = True

    def __init__(self, glob: Glob) -> None:
        self.name = glob.name
        self.pattern = glob.pattern
        self._glob = glob
        self._logs: dict[str, LiveLog] = {}
        self._paths: list[str] = []
        self._known: dict[str, Mapping[str, Scalar]] = {}
        self._state: Mapping[str, Scalar] | None = None
        self._gone: dict[str, float] = {}
        self._look = True
        self._said = False

    def places(self) -> list[Place]:
        """What must be watched so that nothing happens to it unseen."""
        return [*of_pattern(self.pattern), *(place for log in self._logs.values() for place in log.places())]

    @property
    def more(self) -> bool:
        """It should be read again at once."""
        return any(log.more for log in self._logs.values())

    @property
    def due(self) -> float | None:
        """When it should be read even if nothing happens."""
        moments = [log.due for log in self._logs.values() if log.due is not None]
        return min([*moments, *(since + _GRACE for since in self._gone.values())], default=None)

    @property
    def moved(self) -> bool:
        """The open files are others than before: they are to be watched, and the log read once more."""
        return any(log.moved for log in self._logs.values())

    def is_told(self) -> bool:
        """The kernel tells of all that is written to it."""
        return not is_remote(root(self.pattern)) and all(log.is_told() for log in self._logs.values())

    def look(self) -> None:
        """Something happened to names: the next reading looks for the files."""
        self._look = True

    def read(self, since: Position | None) -> Reading:
        """See `core.seams.Source` and `watch.globs.Glob`; about 1 MiB at a time. Files that appear are read from
        their start, the first ones, too, if there was none. That there is none is said once."""
        if since is None:
            yield from self._first()
            return
        if self._state is None or since.state != self._state:
            self._known = unfold(since.state)
            self._state = since.state
            self._look = True
        self._find()
        for path in [*self._gone, *self._paths]:
            log = self._logs[path]
            if log.is_quiet():
                continue
            position = Position(log.name, self._known[path]) if path in self._known else None
            for item in log.read(position):
                if isinstance(item, Chunk):
                    self._known[path] = item.position.state
                    yield self._chunk(item, path)
                elif path in self._paths or item.kind != "missing":
                    yield replace(item, source=self.name)
            if log.more:
                return
        if (forgotten := self._forget()) is not None:
            yield forgotten
        if not (self._paths or self._gone):
            yield from self._missing()

    def close(self) -> None:
        """Lets go of the files."""
        for log in self._logs.values():
            log.close()
        self._logs.clear()

    def _first(self) -> Reading:
        position = Position(self.name, {})
        for item in self._glob.read(None):
            if isinstance(item, Chunk):
                position = item.position
                yield item
            elif item.kind == "missing":
                yield from self._missing()
            else:
                yield item
        if not position.state:
            yield Chunk(self.name, b"", self._glob.options.clock(), position)

    def _missing(self) -> list[Notice]:
        if self._said:
            return []
        self._said = True
        return [Notice("missing", self.name, f"File could not be read: {self.pattern}")]

    def _find(self) -> None:
        if not self._look:
            return
        self._look = False
        self._paths = self._glob.paths()
        self._said = self._said and not self._paths
        now = time.monotonic()
        self._gone = {path: self._gone.get(path, now) for path in self._known if path not in self._paths}
        for path in {*self._paths, *self._gone}:
            if path not in self._logs:
                options = replace(self._glob.options, first="all", takeover=None)
                self._logs[path] = LiveLog(File(path, options))
            self._logs[path].look()

    def _chunk(self, item: Chunk, path: str) -> Chunk:
        self._state = fold(self._known)
        return replace(item, source=self.name, position=Position(self.name, self._state), facts={"path": path})

    def _forget(self) -> Chunk | None:
        """Forgets the files that are gone for long; gives the position without them, if there are any."""
        now = time.monotonic()
        old = [path for path, since in self._gone.items() if now >= since + _GRACE]
        for path in old:
            self._logs.pop(path).close()
            self._known.pop(path, None)
            del self._gone[path]
        if not old:
            return None
        self._state = fold(self._known)
        return Chunk(self.name, b"", self._glob.options.clock(), Position(self.name, self._state))
