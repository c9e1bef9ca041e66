"""`vigilog ship`: sources → records → a target, once, from where the last call left off.

Positions move when all before them is safe: acknowledged, or on the disk. Killed at any point, the next call reads what was
not safe by then; what had been acknowledged meanwhile comes a second time.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from vigilog.core.errors import ConfigurationError, DeliveryError
from vigilog.core.nouns import Chunk, Notice, Position
from vigilog.core.seams import Source
from vigilog.ship.seam import Target
from vigilog.ship.shipper import SpoolFull
from vigilog.shipping.files_account import Account
from vigilog.shipping.files_dead import Apart
from vigilog.shipping.files_lines import Batch, Piece, Records
from vigilog.shipping.files_state import State
from vigilog.watch.files import File
from vigilog.watch.identity import marks

BETWEEN = 1.0
"""Seconds between two moves of the positions, each to where the last one was due: what was under way then has arrived."""
PATIENCE = 5.0
"""So long (seconds) acknowledgements are waited for before what has none goes to the disk."""
_LOOK = 0.5
"""Who waits for room looks so often (seconds) whether it should end."""

_LONGEST = 1 << 20
"""What is longer is no line without its end, but many that were written just now."""

Stopped = Callable[[], int]
"""The signal that it should end by; 0 while there is none."""
Advance = Callable[[int, int], None]
"""Is told the bytes and lines of each block."""
Worked = Callable[[Iterator[Piece]], Iterator[Batch]]
"""Makes records of lines, in their order."""


class Mark(NamedTuple):
    """How far it has come: the number of the last record, and the positions behind what that was made of."""

    number: int
    positions: tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class Journey:
    """What ships: to `target` under `topic`, as `records` are made of lines; `account` is kept of it, `state` remembers
    how far it came. `apart` takes lines that were not understood, if they are no records. `stopped` is asked all the time,
    `say` is told what the sources have to say."""

    target: Target
    topic: str
    records: Records
    state: State
    account: Account
    apart: Apart
    stopped: Stopped
    say: Callable[[str], None]
    advance: Advance = lambda _bytes, _lines: None

    def offer(self, chunk: Chunk, batch: Batch) -> bool:
        """Offers what a chunk came to; waits for room. False: it was told to end while it waited."""
        while batch.values:
            try:
                self.target.offer_values(self.topic, batch.values, batch.keys)
                break
            except SpoolFull:
                self._wait_for_room()
                if self.is_stopped():
                    return False
        self.apart(batch.strange)
        self.account.positions[chunk.source] = chunk.position
        self.account.add(len(chunk.data), batch.lines, batch.strange)
        self.advance(len(chunk.data), batch.lines)
        return True

    def _wait_for_room(self) -> None:
        """Until half of what waits is acknowledged, so that the other half keeps the brokers busy. Only if they take nothing it
        is written to the disk."""
        target, safe = self.target, self.target.safe
        half = safe + (target.next_number - safe) // 2
        target.settle(0 if target.counts.away_since else 4 * _LOOK, half)
        if target.safe == safe:
            time.sleep(_LOOK)

    def notice(self, notice: Notice) -> None:
        """A source has something to say."""
        self.account.notices.append(notice)
        self.say(notice.text)

    def is_stopped(self) -> bool:
        """Whether it was told to end."""
        self.account.stopped = self.account.stopped or self.stopped()
        return bool(self.account.stopped)

    def mark(self) -> Mark:
        """How far it has come."""
        return Mark(self.target.next_number - 1, tuple(self.account.positions.values()))

    def commit(self, mark: Mark, seconds: float) -> None:
        """Moves the positions to a mark, once all before it is safe; gives acknowledgements `seconds`. Raises DeliveryError if
        neither a broker nor the disk takes it."""
        if not self.target.settle(seconds, mark.number):
            trouble = self.target.counts.trouble
            remedy = "make room there; the positions have not moved"
            raise DeliveryError(f"the spool cannot be written{': ' if trouble else ''}{trouble}", remedy=remedy)
        self.apart.sync()
        self.state.save(mark.positions, mark.number)


def ship(journey: Journey, sources: Iterable[Source], since: dict[str, Position], worked: Worked) -> None:
    """Ships all that is new in `sources`, one after the other; `worked` makes records of their lines.

    Raises ConfigurationError if nothing of the beginning is of the format, SourceError, StoreError, and DeliveryError as
    `commit` does.
    """
    waiting: deque[Chunk] = deque()
    mark, due = journey.mark(), time.monotonic() + BETWEEN
    is_first = True
    for batch in worked(pieces(journey, sources, since, waiting)):
        if is_first and journey.records.is_wrong(batch):
            raise ConfigurationError(
                f"none of the first {batch.lines:,} lines of {waiting[0].source} is of the format",
                expected="the LogFormat that it was written with",
                remedy="if it is the right one: --dead-letters FILE takes such lines",
            )
        is_first = False
        if not journey.offer(waiting.popleft(), batch):
            break
        if time.monotonic() >= due:
            journey.commit(mark, PATIENCE)
            mark, due = journey.mark(), time.monotonic() + BETWEEN


def pieces(journey: Journey, sources: Iterable[Source], since: dict[str, Position], waiting: deque[Chunk]) -> Iterator[Piece]:
    """The lines of all sources; each chunk is put into `waiting`, too."""
    for source in sources:
        for item in source.read(since.get(source.name)):
            if journey.is_stopped():
                return
            if isinstance(item, Notice):
                journey.notice(item)
            else:
                waiting.append(item)
                yield Piece(item.source, item.data, item.arrived)


def unfinished(source: Source, position: Position | None) -> bool:
    """Whether a log ends in a line without its newline, which was left for the next time."""
    if position is None or not isinstance(source, File):
        return False
    own = marks(source.name, position.state).own
    if own.packed or own.offset < 0:
        return False
    try:
        with open(source.path, "rb") as file:
            if os.fstat(file.fileno()).st_ino != own.inode or own.offset >= os.fstat(file.fileno()).st_size:
                return False
            file.seek(own.offset)
            return b"\n" not in file.read(_LONGEST)
    except OSError:
        return False
