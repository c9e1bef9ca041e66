"""Records that are too long to travel whole are looked at to where they were cut, and no further.

What comes behind the cut is no line, whatever it looks like: somebody who may log a megabyte could otherwise forge one.
"""

from __future__ import annotations

from collections.abc import Iterable

from vigilog.core.nouns import Chunk, Position


class Beginnings:
    """Knows for each source whether it is within a record. `positions` are those where reading goes on: a position within a
    record says so (`inside` of files, `skip` of the journal)."""

    def __init__(self, positions: Iterable[Position] = ()) -> None:
        self._inside = {each.source for each in positions if each.state.get("inside") or each.state.get("skip")}

    def of(self, chunk: Chunk) -> bytes:
        """The lines of a chunk, without what continues a record. To be asked about every chunk, in order."""
        data = chunk.data
        if not data:
            return data
        if chunk.source in self._inside:
            data = data[data.find(b"\n") + 1 :]
        if chunk.piece:
            self._inside.add(chunk.source)
        else:
            self._inside.discard(chunk.source)
        return data
