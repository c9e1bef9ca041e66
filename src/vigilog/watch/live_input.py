"""Standard input as a live source: a pipe, a terminal or a file, read as it comes and without ever waiting for it."""

from __future__ import annotations

import os
import select
from collections import deque
from collections.abc import Iterator
from typing import Literal

from vigilog.core.clock import Clock
from vigilog.core.nouns import Chunk, Grade, Notice, Position
from vigilog.core.seams import Reading
from vigilog.watch.notices import too_long
from vigilog.watch.records import Cut, cut

_STEP = 64 * 1024
_STEPS = 4


class LiveInput:
    """What comes through `descriptor` until it ends. The last record needs no newline."""

    name = "-"
    grade: Grade = "received"
    is_log: Literal[False] = False

    def __init__(self, clock: Clock, descriptor: int = 0) -> None:
        self.due: float | None = None
        self.ended = False
        self._clock = clock
        self._descriptor = descriptor
        self._offset = 0
        self._held = b""
        self._inside = False
        self._waiting: deque[Chunk | Notice] = deque()
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)

    def fileno(self) -> int:
        """The descriptor. That of a file cannot be waited for: there is always something, up to its end."""
        return self._descriptor

    @property
    def more(self) -> bool:
        """Something was received that `read` has not given yet."""
        return bool(self._waiting)

    def read(self, since: Position | None) -> Reading:
        """What has come, up to 256 KiB of it. Positions count bytes; nothing can resume from them, so `since` is not looked at.
        Notices: long; unreadable, when that was the end of it because of an error."""
        del since
        if not self._waiting and not self.ended:
            self._waiting.extend(self._receive())
        while self._waiting:
            yield self._waiting.popleft()

    def accepted(self, position: Position) -> None:
        """Nobody waits to hear of it."""

    def drain(self) -> None:
        """There is nobody to refuse."""

    def close(self) -> None:
        """The descriptor is not this source's own."""

    def _receive(self) -> Iterator[Chunk | Notice]:
        for _ in range(_STEPS):
            if not self._poll.poll(0):
                return
            try:
                data = os.read(self._descriptor, _STEP)
            except BlockingIOError:
                return
            except OSError as error:
                yield Notice("unreadable", self.name, f"standard input cannot be read: {error.strerror}")
                data = b""
            self.ended = not data
            yield from self._cut(data)
            if self.ended:
                return

    def _cut(self, data: bytes) -> Iterator[Chunk | Notice]:
        inside = self._inside
        for item in cut(lambda start, size: data[start : start + size], 0, len(data), b"", held=self._held, inside=inside):
            position = Position(self.name, {"offset": self._offset + item.end})
            if isinstance(item, Cut):
                if item.piece and not inside:
                    yield too_long(self.name, self.name)
                inside = item.piece
                yield Chunk(self.name, item.data, self._clock(), position, piece=inside)
            elif self.ended and (item.data or item.inside):
                yield Chunk(self.name, item.data + b"\n", self._clock(), position)
            else:
                self._held, self._inside = item.data, item.inside
        self._offset += len(data)
