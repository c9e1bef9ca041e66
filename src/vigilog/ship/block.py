"""Records that were offered together, in memory and as bytes on the disk.

On the disk a block is a header of 28 bytes and its records, packed with MessagePack. All numbers are little-endian:

    4  magic       b"VgSp"
    8  first       number of the first record
    4  count       how many records
    4  length      bytes behind the header
    4  checksum    CRC-32 of these bytes
    4  own         CRC-32 of the 24 bytes before
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from itertools import groupby, repeat
from operator import attrgetter
from typing import NamedTuple

import msgspec

from vigilog.ship.record import Record

MAGIC = b"VgSp"
HEADER = 28
_PLAIN = struct.Struct("<4sQIII")
_OWN = struct.Struct("<I")
_PER_RECORD = 6  # what MessagePack puts around a key and a value, about


class Batch(NamedTuple):
    """Values of one topic, in order, and the key of each (None: no key at all)."""

    topic: str
    keys: Sequence[bytes | None] | None
    values: Sequence[bytes]


class Block(NamedTuple):
    """The records `first`, `first + 1`, ... `last`; `size` is about what they take, in bytes."""

    first: int
    last: int
    size: int
    batches: tuple[Batch, ...]

    @property
    def records(self) -> int:
        """How many records it holds."""
        return self.last - self.first + 1


def block(first: int, batches: tuple[Batch, ...]) -> Block:
    """A block of `batches`, whose records are numbered from `first`."""
    count = sum(len(batch.values) for batch in batches)
    size = sum(sum(map(len, batch.values)) + sum(len(key) for key in batch.keys or () if key) for batch in batches)
    return Block(first, first + count - 1, HEADER + size + _PER_RECORD * count, batches)


def batches(records: Sequence[Record]) -> tuple[Batch, ...]:
    """The same records: what follows each other on one topic is together."""
    found = []
    for topic, group in groupby(records, attrgetter("topic")):
        together = list(group)
        found.append(Batch(topic, [record.key for record in together], [record.value for record in together]))
    return tuple(found)


def part(whole: Block, after: int, until: int) -> Block:
    """What of `whole` is numbered above `after` and not above `until`; that must be something."""
    kept = []
    number = whole.first
    for topic, keys, values in whole.batches:
        begin, end = max(0, after + 1 - number), max(0, until + 1 - number)
        if values[begin:end]:
            kept.append(Batch(topic, keys and keys[begin:end], values[begin:end]))
        number += len(values)
    return block(max(whole.first, after + 1), tuple(kept))


def encoded(whole: Block) -> bytes:
    """The block as bytes for the disk."""
    payload = msgspec.msgpack.encode(whole.batches)
    plain = _PLAIN.pack(MAGIC, whole.first, whole.records, len(payload), zlib.crc32(payload))
    return b"".join((plain, _OWN.pack(zlib.crc32(plain)), payload))


class Header(NamedTuple):
    """A block's header, as it was found."""

    first: int
    records: int
    length: int
    checksum: int

    @property
    def last(self) -> int:
        """Number of the last record."""
        return self.first + self.records - 1


def header(data: bytes, offset: int = 0) -> Header | None:
    """The header that stands in `data` at `offset`; None if there is none, or not an intact one."""
    if len(data) < offset + HEADER:
        return None
    plain = data[offset : offset + _PLAIN.size]
    if not plain.startswith(MAGIC) or _OWN.unpack_from(data, offset + _PLAIN.size)[0] != zlib.crc32(plain):
        return None
    found = Header(*_PLAIN.unpack(plain)[1:])
    return found if found.first and found.records else None


def intact(found: Header, payload: bytes) -> bool:
    """Whether these are the bytes that were written behind that header."""
    return len(payload) == found.length and zlib.crc32(payload) == found.checksum


def decoded(found: Header, payload: bytes) -> Block:
    """The block of an intact header and payload."""
    return Block(found.first, found.last, HEADER + found.length, msgspec.msgpack.decode(payload, type=tuple[Batch, ...]))


def messages(whole: Block) -> list[tuple[str, bytes | None, bytes]]:
    """Topic, key and value of each record, in order."""
    return [
        (topic, key, value)
        for topic, keys, values in whole.batches
        for key, value in zip(keys if keys is not None else repeat(None), values, strict=False)
    ]


def blocks(first: int, offered: tuple[Batch, ...], *, records: int, size: int) -> list[Block]:
    """`offered` as blocks of at most so many records and about so many bytes each, numbered from `first`."""
    whole = block(first, offered)
    if whole.records < 2 or (whole.records <= records and whole.size <= size):
        return [whole]
    middle = whole.first + whole.records // 2 - 1
    halves = (part(whole, whole.first - 1, middle), part(whole, middle, whole.last))
    return [each for half in halves for each in blocks(half.first, half.batches, records=records, size=size)]
