"""A request ledger as a source: one record for each request that will never end (`parse.ledger_records`)."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from vigilog.core.clock import Clock
from vigilog.core.nouns import Chunk, Grade, Position
from vigilog.core.seams import Reading, Source
from vigilog.watch.derived import derived_state, file_position, lines, named
from vigilog.watch.ledger_requests import Requests
from vigilog.watch.live_kinds import Log

KIND = "ledger:"
OPEN = "open"
"""What a position has besides that of the file: the requests that are open."""
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
        return named(KIND, self.file)

    def read(self, since: Position | None) -> Reading:
        """See `core.seams.Source`, and the file's for its notices. What is open at the end is judged then."""
        reader = _Reader(self.name, self.file, since)
        yield from reader.read()
        found = reader.requests.look(self.clock())
        if reader.requests.suspected:
            yield from reader.read()
            found += reader.requests.look(self.clock())
        yield from reader.given(found, self.clock())


class OpenRequests:
    """The same of a file that is followed: what is open is judged every few seconds. See `derived.Derivation`."""

    def __init__(self, file: Log, clock: Clock) -> None:
        self.name = named(KIND, file)
        self.due: float | None = None
        self._file = file
        self._clock = clock
        self._reader: _Reader | None = None

    def read(self, since: Position | None) -> Reading:
        """See `core.seams.Source`."""
        reader = self._reader
        if reader is None or since is None or since.state != reader.handed:
            reader = self._reader = _Reader(self.name, self._file, since)
        yield from reader.read()
        found, now = b"", time.monotonic()
        if not self._file.more and (self.due is None or self.due <= now):
            found = reader.requests.look(self._clock())
            self.due = now + LOOK
        if not reader.requests.open:
            self.due = None
        yield from reader.given(found, self._clock())


class _Reader:
    """Reads on in a file, and knows what is open. `handed` is the state of the position that was handed on last."""

    def __init__(self, name: str, file: Source, since: Position | None) -> None:
        self.handed = since.state if since else None
        self.requests = Requests(str(since.state.get(OPEN, "")) if since else "")
        self._name = name
        self._file = file
        self._since = file_position(file, since, OPEN)
        self._found = b""

    def read(self) -> Reading:
        """Reads what is new; gives the file's notices only."""
        for item in lines(self._file, self._name, self._since):
            if not isinstance(item, Chunk):
                yield item
                continue
            self._since = item.position
            self._found += self.requests.see(item.data, item.arrived)

    def given(self, found: bytes, now: float) -> Reading:
        """The records, and the position behind what was read, if it is another than before."""
        found, self._found = self._found + found, b""
        if self._since is None:
            return
        state = derived_state(self._since.state, OPEN, self.requests.state)
        if found or state != self.handed:
            self.handed = state
            yield Chunk(self._name, found, now, Position(self._name, state))
