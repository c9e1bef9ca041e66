"""Sources whose records are made from the lines of a file: what such a source has in common with the file, and what not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal, Protocol

from vigilog.core.nouns import Chunk, Grade, Position, Scalar
from vigilog.core.seams import Reading, Source
from vigilog.watch.live_kinds import Log
from vigilog.watch.places import Place

_INSIDE = "inside"
_OF_FILE = "file_inside"
"""That the file is within a line too long to travel whole says nothing of the records that are made."""


class Derivation(Protocol):
    """Makes the records. `due` is when it should be asked even if nothing happens to the file, by time.monotonic."""

    @property
    def name(self) -> str:
        """See `core.seams.Source`, here and below."""

    @property
    def due(self) -> float | None:
        """None: only if something does."""

    def read(self, since: Position | None) -> Reading:
        """The records that came to be since a position of the derived source."""


class LiveDerived:
    """The records that `derivation` makes of `file`, live: whatever concerns the file is asked of the file."""

    grade: Grade = "resumable"
    is_log: Literal[True] = True

    def __init__(self, file: Log, derivation: Derivation) -> None:
        self.name = derivation.name
        self._file = file
        self._derivation = derivation

    @property
    def moved(self) -> bool:
        """See `live_kinds.Log`, here and below."""
        return self._file.moved

    @property
    def due(self) -> float | None:
        """When it should be read even if nothing happens."""
        return min((each for each in (self._file.due, self._derivation.due) if each is not None), default=None)

    @property
    def more(self) -> bool:
        """It should be read again at once."""
        return self._file.more

    def places(self) -> list[Place]:
        """What must be watched for it."""
        return self._file.places()

    def is_told(self) -> bool:
        """The kernel tells of all that is written to it."""
        return self._file.is_told()

    def look(self) -> None:
        """The next reading looks for the files."""
        self._file.look()

    def read(self, since: Position | None) -> Reading:
        """See `core.seams.Source`."""
        return self._derivation.read(since)

    def close(self) -> None:
        """Lets go of the files."""
        self._file.close()


def named(kind: str, file: Source) -> str:
    """The name of what is derived from a file: the kind, and the file's path."""
    return kind + file.name.partition(":")[2]


def lines(file: Source, name: str, since: Position | None) -> Reading:
    """What `file` gives after a position of its own: its notices, under the `name` of the derived source, and its lines, each
    with the file's position. What continues a line too long to travel whole is left out: it is none, whatever it looks like."""
    inside = bool(since and since.state.get(_INSIDE))
    for item in file.read(since):
        if not isinstance(item, Chunk):
            yield replace(item, source=name)
            continue
        data = item.data[item.data.find(b"\n") + 1 :] if inside else item.data
        inside = item.piece
        yield replace(item, data=data, piece=False)


def file_position(file: Source, since: Position | None, own: str) -> Position | None:
    """The file's position in one of the derived source, which has `own` besides."""
    if since is None:
        return None
    return Position(file.name, {_INSIDE if key == _OF_FILE else key: value for key, value in since.state.items() if key != own})


def derived_state(of_file: Mapping[str, Scalar], own: str, value: Scalar) -> dict[str, Scalar]:
    """The state of the derived source's position: that of the file's, and its own."""
    return {**{_OF_FILE if key == _INSIDE else key: each for key, each in of_file.items()}, own: value}
