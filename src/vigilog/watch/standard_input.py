"""Standard input as a source: read once, to its end."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from vigilog.core.errors import SourceError
from vigilog.core.nouns import Chunk, Grade, Position
from vigilog.core.seams import Reading
from vigilog.watch.notices import too_long
from vigilog.watch.options import Options
from vigilog.watch.records import Rest, cut
from vigilog.watch.streams import Stream, Window


@dataclass(frozen=True, slots=True)
class _Pipe:
    descriptor: int

    def read(self, size: int, /) -> bytes:
        try:
            return os.read(self.descriptor, size)
        except OSError as error:
            raise SourceError(f"standard input cannot be read: {error.strerror}") from error

    def close(self) -> None:
        """The descriptor is the caller's."""


@dataclass(frozen=True, slots=True)
class StandardInput:
    """What comes through `descriptor` until it ends. The last record needs no newline."""

    options: Options
    descriptor: int = 0
    name: str = field(default="-", init=False)
    grade: Grade = field(default="received", init=False)

    def read(self, since: Position | None) -> Reading:
        """Everything until the end of the input, which it waits for. Positions count bytes; nothing can resume from them, so
        `since` is not looked at. Notices: long. Raises SourceError if the input cannot be read."""
        del since
        inside = False
        for item in cut(Window(self._begin).read_at, 0, None, b""):
            data, piece = (item.data, item.piece) if not isinstance(item, Rest) else (item.data and item.data + b"\n", False)
            if piece and not inside:
                yield too_long(self.name, self.name)
            inside = piece
            if data:
                position = Position(self.name, {"offset": item.end})
                yield Chunk(self.name, data, self.options.clock(), position, piece=piece)

    def _begin(self) -> Stream:
        return _Pipe(self.descriptor)
