"""What tests of sources share: reading records out of chunks, stopping anywhere, and going on from a stored position."""

from __future__ import annotations

import json
from collections.abc import Iterable

from vigilog.core.nouns import Chunk, Notice, Position
from vigilog.core.seams import Source

NOON = 1_795_176_000.0
"""Fri Nov 20 12:00:00 UTC 2026."""


def noon() -> float:
    """A clock that stands still."""
    return NOON


def stored(position: Position) -> Position:
    """The position as it comes out of a store that keeps JSON."""
    return Position(position.source, json.loads(json.dumps(dict(position.state))))


class Reader:
    """Collects the records of a source, without their newlines, and its notices. Pieces of a record are put together."""

    def __init__(self, source: Source, since: Position | None = None) -> None:
        self.source = source
        self.position = since
        self.records: list[bytes] = []
        self.notices: list[Notice] = []
        self._piece = b""

    def read(self, most: int | None = None) -> list[bytes]:
        """Reads what is there (at most `most` items of it, as if killed then) and gives the new records."""
        before = len(self.records)
        for number, item in enumerate(self.source.read(self.position)):
            if number == most:
                break
            self.take(item)
        return self.records[before:]

    def take(self, item: Chunk | Notice) -> None:
        """Takes in one item, and its position as a store would."""
        if isinstance(item, Notice):
            self.notices.append(item)
            return
        assert item.source == item.position.source == self.source.name
        assert not item.data or item.data.endswith(b"\n")
        if item.piece:
            self._piece += item.data[:-1]
        elif item.data:
            first, *others = item.data[:-1].split(b"\n")
            self.records += [self._piece + first, *others]
            self._piece = b""
        self.position = stored(item.position)

    def kinds(self) -> list[str]:
        """The kinds of the notices so far."""
        return [notice.kind for notice in self.notices]


def chunks(items: Iterable[Chunk | Notice]) -> list[Chunk]:
    """The chunks among `items`."""
    return [item for item in items if isinstance(item, Chunk)]


def records(items: Iterable[Chunk | Notice]) -> list[bytes]:
    """The records in `items`, pieces put together."""
    found: list[bytes] = []
    piece = b""
    for item in items:
        if isinstance(item, Chunk) and item.piece:
            piece += item.data[:-1]
        elif isinstance(item, Chunk) and item.data:
            first, *others = item.data[:-1].split(b"\n")
            found += [piece + first, *others]
            piece = b""
    return found


def check_resuming(source: Source) -> list[bytes]:
    """The contract of every resumable source, for one that nobody writes to: reading on from any chunk's position gives exactly
    what came after that chunk, and nothing after the last. Gives the records."""
    items = list(source.read(None))
    whole = records(items)
    for index, item in enumerate(items):
        if isinstance(item, Chunk):
            rest = list(source.read(stored(item.position)))
            assert records(rest) == records(items[index + 1 :]), f"after item {index}"
    if items and isinstance(items[-1], Chunk):
        assert list(source.read(stored(items[-1].position))) == []
    return whole
