"""A file of forensic blocks as a source: one record for each block that ended (`parse.forensic_records`)."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field, replace

from vigilog.core.nouns import Chunk, Grade, Position
from vigilog.core.seams import Reading, Source
from vigilog.parse.forensic_records import Records
from vigilog.watch.derived import derived_state, file_position, lines, named

KIND = "blackbox:"
BLOCKS = "blocks"
"""What a position has besides that of the file: the blocks that have begun and not ended."""


@dataclass(frozen=True, slots=True)
class BlackBoxFile:
    """The blocks in what `file` reads, whatever rotates it; live, too (`derived.Derivation`)."""

    file: Source
    grade: Grade = field(default="resumable", init=False)
    due: float | None = field(default=None, init=False)

    @property
    def name(self) -> str:
        """`blackbox:` and the path."""
        return named(KIND, self.file)

    def read(self, since: Position | None) -> Reading:
        """See `core.seams.Source`, and the file's for its notices."""
        blocks = Records(str(since.state.get(BLOCKS, "")) if since else "", host=socket.gethostname())
        for item in lines(self.file, self.name, file_position(self.file, since, BLOCKS)):
            if not isinstance(item, Chunk):
                yield item
                continue
            found = blocks.of(item.data, item.arrived)
            position = Position(self.name, derived_state(item.position.state, BLOCKS, blocks.state))
            yield replace(item, source=self.name, data=found, position=position)
