"""A request ledger as a source: one record for each request that will never end (`parse.ledger_records`)."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Literal

from vigilog.core.clock import Clock
from vigilog.core.nouns import Chunk, Grade, Position
from vigilog.core.seams import Reading, Source
from vigilog.watch.ledger_requests import Requests
from vigilog.watch.live_kinds import Log
from vigilog.watch.places import Place

KIND = "ledger:"
OPEN, INSIDE = "open", "inside"
"""What a position has besides that of the file: the requests that are open. That the file is within a line too long to travel
whole is another thing here: it says nothing of the records."""
OF_FILE = "file_inside"
LOOK = 10.0
"""How often (seconds) the processes of open requests are looked at, where some are open."""


@dataclass(frozen=True, slots=True)
class LedgerFile:
    """The requests in what `file` reads, whatever rotates it."""

    file: Source
    clock: Clock
    grade: Grade = field(default="resumable", init=False)

    @property
    def name(self) -> str:
        """`ledger:` and the path."""
        return KIND + self.file.name.partition(":")[2]

    def read(self, since: Position | None) -> Reading:
        """See `core.seams.Source`, and the file's for its notices. What is open at the end is judged then."""
        reader = _Reader(self.name, self.file, since)
        yield from reader.read()
        found = reader.requests.look(self.clock())
        if reader.requests.suspected:
            yield from reader.read()
            found += reader.requests.look(self.clock())
        yield from reader.given(found, self.clock())


class LiveLedgerFile:
    """The same, live: what is open is judged every few seconds."""

    grade: Grade = "resumable"
    is_log: Literal[True] = True

    def __init__(self, file: Log, clock: Clock) -> None:
        self.name = KIND + file.name.partition(":")[2]
        self._file = file
        self._clock = clock
        self._reader: _Reader | None = None
        self._look_at: float | None = None

    @property
    def moved(self) -> bool:
        """See `live_kinds.Log`, here and below."""
        return self._file.moved

    @property
    def due(self) -> float | None:
        """When it should be read even if nothing happens."""
        return min((moment for moment in (self._file.due, self._look_at) if moment is not None), default=None)

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
        reader = self._reader
        if reader is None or since is None or since.state != reader.handed:
            reader = self._reader = _Reader(self.name, self._file, since)
        yield from reader.read()
        found, now = b"", time.monotonic()
        if not self._file.more and (self._look_at is None or self._look_at <= now):
            found = reader.requests.look(self._clock())
            self._look_at = now + LOOK
        if not reader.requests.open:
            self._look_at = None
        yield from reader.given(found, self._clock())

    def close(self) -> None:
        """Lets go of the files."""
        self._file.close()


class _Reader:
    """Reads on in a file, and knows what is open. `handed` is the state of the position that was handed on last."""

    def __init__(self, name: str, file: Source, since: Position | None) -> None:
        self.handed = since.state if since else None
        state = dict(self.handed or {})
        self.requests = Requests(str(state.pop(OPEN, "")))
        if OF_FILE in state:
            state[INSIDE] = state.pop(OF_FILE)
        self._name = name
        self._file = file
        self._since = Position(file.name, state) if since else None
        self._inside = bool(state.get(INSIDE))
        self._found = b""

    def read(self) -> Reading:
        """Reads what is new; gives the file's notices only."""
        for item in self._file.read(self._since):
            if not isinstance(item, Chunk):
                yield replace(item, source=self._name)
                continue
            data = item.data
            if self._inside:  # what continues a line too long to travel whole is no line, whatever it looks like
                data = data[data.find(b"\n") + 1 :]
            self._inside = item.piece
            self._since = item.position
            self._found += self.requests.see(data, item.arrived)

    def given(self, found: bytes, now: float) -> Reading:
        """The records, and the position behind what was read, if it is another than before."""
        found, self._found = self._found + found, b""
        if self._since is None:
            return
        state = {OF_FILE if key == INSIDE else key: value for key, value in self._since.state.items()}
        state[OPEN] = self.requests.state
        if found or state != self.handed:
            self.handed = state
            yield Chunk(self._name, found, now, Position(self._name, state))
