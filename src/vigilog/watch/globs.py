"""A pattern of file names as a source: dated directories, dated files, of which the newest counts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from glob import glob

from vigilog.core.nouns import Chunk, Grade, Notice, Position, Scalar
from vigilog.core.seams import Reading
from vigilog.watch.compressed import OPENERS
from vigilog.watch.files import File
from vigilog.watch.options import Options
from vigilog.watch.rotation import is_rotated

_KEPT = 32
"""The files that changed last are followed, so many of them."""

_State = Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Glob:
    """The files that match `pattern` (absolute, as the shell has it, `**` for any directories), by time of change, then name.

    A first reading takes the newest file only. From then on each one that grew is read on, and each one that appears is read
    from its start, oldest first, so that the end of yesterday's file comes before the beginning of today's. Rotated and
    packed files are not matches of their own: they are looked into when the file they were is wanted.
    """

    pattern: str
    options: Options
    grade: Grade = field(default="resumable", init=False)

    @property
    def name(self) -> str:
        """`file:` and the pattern."""
        return "file:" + self.pattern

    def read(self, since: Position | None) -> Reading:
        """See `core.seams.Source` and `watch.reading.follow`. A chunk's facts have the `path` it was read from.

        Notices: missing, if nothing matches; lost, also when the file that was read last is gone; those of its files.
        """
        paths = self.paths()
        if not paths:
            yield Notice("missing", self.name, f"File could not be read: {self.pattern}")
            return
        known = unfold(since.state) if since else self._ends(paths[:-1])
        newest = max(known, key=lambda path: (known[path].get("modified", 0), path), default="") if since else ""
        handed = since.state if since else None
        for path in [*(path for path in known if path not in paths), *paths]:
            first = "all" if since else self.options.first
            file = File(path, replace(self.options, first=first, takeover=() if since else self.options.takeover))
            is_found = path in paths
            others = fold({other: state for other, state in known.items() if other != path})
            for item in file.read(Position(file.name, known[path]) if path in known else None):
                if isinstance(item, Chunk):
                    is_found = True
                    known[path] = item.position.state
                    if item.data:
                        handed = others | fold({path: item.position.state})
                        position = Position(self.name, handed)
                        yield replace(item, source=self.name, position=position, facts={"path": path})
                elif path in paths or item.kind != "missing":
                    yield replace(item, source=self.name)
            if path == newest and not is_found:
                yield Notice("lost", self.name, f"{path} is gone: what was appended to it since it was read is lost")
            if path not in paths:
                known.pop(path, None)
        if fold(known) != handed:
            yield Chunk(self.name, b"", self.options.clock(), Position(self.name, fold(known)))

    def paths(self) -> list[str]:
        """The matches that are followed, the one that changed last at the end."""
        found = []
        matches = glob(self.pattern, recursive=True)
        for path in matches:
            stem, ending = os.path.splitext(path)
            if is_rotated(path, matches) or (ending in OPENERS and fnmatchcase(stem, self.pattern)):
                continue
            try:
                found.append((os.stat(path).st_mtime_ns, path))
            except OSError:
                continue
        return [path for _, path in sorted(found)[-_KEPT:]]

    def _ends(self, paths: Iterable[str]) -> dict[str, _State]:
        """Where the files end that a first reading leaves out."""
        known = {}
        for path in paths:
            for item in File(path, replace(self.options, first="none", takeover=None)).read(None):
                if isinstance(item, Chunk):
                    known[path] = item.position.state
        return known


def fold(known: Mapping[str, _State]) -> dict[str, Scalar]:
    """The state of a pattern out of those of its files, by their paths."""
    return {f"{path}:{name}": value for path, state in known.items() for name, value in state.items()}


def unfold(state: _State) -> dict[str, _State]:
    """The states of a pattern's files by their paths."""
    known: dict[str, dict[str, Scalar]] = {}
    for key, value in state.items():
        path, _, name = key.rpartition(":")
        known.setdefault(path, {})[name] = value
    return dict(known)
