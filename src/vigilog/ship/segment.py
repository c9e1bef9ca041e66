"""One file of a spool: blocks one behind the other, with ascending numbers."""

from __future__ import annotations

import os
from typing import NamedTuple

from vigilog.ship.block import HEADER, MAGIC, Block, Header, decoded, header, intact

_CHUNK = 1 << 20


class Segment:
    """`first` and `last` are the numbers it holds (0: none), `records` how many they are, `end` where the next block goes.
    `damage` are the offsets of damage that was counted.

    The file stays open for good, and is emptied, never removed: so whatever user the process acts as in the meantime, a spool
    needs no more rights than it had at the start.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.first = self.last = self.records = self.end = 0
        self.damage: set[int] = set()

    def add(self, data: bytes, first: int, last: int, records: int) -> None:
        """Writes whole blocks to the end. Raises OSError; then what is there is as before, though the file may be longer."""
        written = 0
        view = memoryview(data)
        while written < len(data):
            written += os.pwrite(self.descriptor, view[written:], self.end + written)
        self.end += len(data)
        self.first = self.first or first
        self.last = last
        self.records += records

    def state(self) -> tuple[int, int, int, int]:
        """What `restore` takes to forget what was added since."""
        return self.first, self.last, self.records, self.end

    def restore(self, state: tuple[int, int, int, int]) -> None:
        """Goes back to an earlier state. Raises OSError."""
        self.first, self.last, self.records, self.end = state
        os.ftruncate(self.descriptor, self.end)

    def clear(self) -> None:
        """Empties it. Raises OSError."""
        self.damage.clear()
        self.restore((0, 0, 0, 0))

    def sync(self) -> None:
        """Returns when it is on the disk. Raises OSError."""
        os.fdatasync(self.descriptor)

    def waiting(self, after: int) -> int:
        """How many of its records have a number above `after` (at most)."""
        return min(self.records, self.last - after) if self.last > after else 0


class Found(NamedTuple):
    """What `examined` found: bytes at the end that are no whole block and were cut off; records lost to damage (at least)."""

    torn: int
    damaged: int


def examined(segment: Segment) -> Found:
    """Reads the headers of a file that is there, fills in the numbers of `segment`, and cuts off what is not whole."""
    size = os.fstat(segment.descriptor).st_size
    offset = damaged = 0
    while offset < size:
        found = header(os.pread(segment.descriptor, HEADER, offset))
        if found is None or found.first <= segment.last:
            further = _next_header(segment.descriptor, offset + 1, size, segment.last)
            if further is None:
                break
            damaged += 1
            segment.damage.add(offset)
            offset = further
            continue
        behind = offset + HEADER + found.length
        if behind > size:
            break
        if behind == size and not intact(found, os.pread(segment.descriptor, found.length, offset + HEADER)):
            damaged += found.records
            break
        segment.first = segment.first or found.first
        segment.last = found.last
        segment.records += found.records
        offset = segment.end = behind
    os.ftruncate(segment.descriptor, segment.end)
    return Found(size - segment.end, damaged)


def _next_header(descriptor: int, offset: int, size: int, last: int) -> int | None:
    """Where the next intact header of a block behind number `last` stands, at or after `offset`; None: nowhere."""
    while offset < size:
        data = os.pread(descriptor, _CHUNK, offset)
        at = data.find(MAGIC)
        while at >= 0:
            found = header(os.pread(descriptor, HEADER, offset + at))
            if found is not None and found.first > last:
                return offset + at
            at = data.find(MAGIC, at + 1)
        offset += max(1, len(data) - len(MAGIC) + 1)
    return None


class Read(NamedTuple):
    """Blocks that were read, where to read on, and how many records between them were damaged (at least)."""

    blocks: list[Block]
    offset: int
    damaged: int


def read(segment: Segment, offset: int, after: int, until: int, size: int) -> Read:
    """Blocks with numbers above `after` and not above `until` from `offset` on, until they are `size` bytes; at least one if
    there is one."""
    found: list[Block] = []
    taken = damaged = 0
    data, base = b"", offset
    while offset < segment.end and taken < size:
        if len(data) < offset - base + HEADER:
            data, base = os.pread(segment.descriptor, min(_CHUNK, segment.end - offset), offset), offset
        head = header(data, offset - base)
        if head is None:
            damaged += offset not in segment.damage
            segment.damage.add(offset)
            offset = _next_header(segment.descriptor, offset + 1, segment.end, after) or segment.end
            data, base = b"", offset
            continue
        if head.first > until:
            break
        begin, behind = offset + HEADER, offset + HEADER + head.length
        if head.last > after:
            if len(data) < behind - base:
                data, base = os.pread(segment.descriptor, max(_CHUNK, head.length), begin), begin
            payload = data[begin - base : behind - base]
            if intact(head, payload):
                found.append(decoded(head, payload))
                taken += HEADER + head.length
            elif offset not in segment.damage:
                segment.damage.add(offset)
                damaged += head.records
            after = head.last
        offset = behind
    return Read(found, offset, damaged)


def cut(segment: Segment, after: int) -> list[tuple[Header, int]]:
    """The headers of `segment` with where they stand, up to the first block that holds a number above `after`."""
    offset, found = 0, []
    while offset < segment.end:
        head = header(os.pread(segment.descriptor, HEADER, offset))
        if head is None:
            offset = _next_header(segment.descriptor, offset + 1, segment.end, 0) or segment.end
            continue
        found.append((head, offset))
        if head.last > after:
            break
        offset += HEADER + head.length
    return found
