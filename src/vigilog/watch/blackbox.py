"""A file of forensic blocks as a source: one record for each block that ended (`parse.forensic_records`)."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field, replace
from typing import Literal

from vigilog.core.nouns import Chunk, Grade, Position
from vigilog.core.seams import Reading, Source
from vigilog.parse.forensic_records import Records
from vigilog.watch.live_kinds import Log
from vigilog.watch.places import Place

KIND = "blackbox:"
BLOCKS, INSIDE = "blocks", "inside"
"""What a position has besides that of the file: the blocks that have begun and not ended. That the file is within a line too
long to travel whole is another thing here: it says nothing of the records."""
OF_FILE = "file_inside"


@dataclass(frozen=True, slots=True)
class BlackBoxFile:
    """The blocks in what `file` reads, whatever rotates it."""

    file: Source
    grade: Grade = field(default="resumable", init=False)

    @property
    def name(self) -> str:
        """`blackbox:` and the path."""
        return KIND + self.file.name.partition(":")[2]

    def read(self, since: Position | None) -> Reading:
        """See `core.seams.Source`, and the file's for its notices."""
        return records(self.file, self.name, since)


class LiveBlackBoxFile:
    """The same, live."""

    grade: Grade = "resumable"
    is_log: Literal[True] = True

    def __init__(self, file: Log) -> None:
        self.name = KIND + file.name.partition(":")[2]
        self._file = file

    @property
    def moved(self) -> bool:
        """See `live_kinds.Log`, here and below."""
        return self._file.moved

    @property
    def due(self) -> float | None:
        """When it should be read even if nothing happens."""
        return self._file.due

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
        return records(self._file, self.name, since)

    def close(self) -> None:
        """Lets go of the files."""
        self._file.close()


def records(file: Source, name: str, since: Position | None) -> Reading:
    """The blocks in what `file` gives after `since`, under the name of another source."""
    state = dict(since.state) if since else {}
    blocks = Records(str(state.pop(BLOCKS, "")), host=socket.gethostname())
    if OF_FILE in state:
        state[INSIDE] = state.pop(OF_FILE)
    inside = bool(state.get(INSIDE))
    for item in file.read(Position(file.name, state) if since else None):
        if not isinstance(item, Chunk):
            yield replace(item, source=name)
            continue
        data = item.data
        if inside:  # what continues a line too long to travel whole is text of a message, whatever it looks like
            data = data[data.find(b"\n") + 1 :]
        inside = item.piece
        found = blocks.of(data, item.arrived)
        state = {OF_FILE if key == INSIDE else key: value for key, value in item.position.state.items()}
        position = Position(name, {**state, BLOCKS: blocks.state})
        yield replace(item, source=name, data=found, position=position, piece=False)
