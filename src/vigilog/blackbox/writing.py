"""Writes records into a ring file, as vigilog.blackbox.layout has them."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from zlib import crc32

from vigilog.blackbox.layout import FRAGMENT, RECORD
from vigilog.blackbox.reading import Record

CUT = b"...."
"""The end of a message that was too long, as ProFTPD marks its own."""


def put_record(into: mmap.mmap, at: int, seed: int, record: Record) -> int:
    """Writes `record` at the offset `at`, in a page whose checksums begin with `seed`; gives the offset of the next one."""
    moment, kind, level, payload = record
    length = len(payload)
    end = at + RECORD.size + length
    into[at + RECORD.size : end] = payload
    RECORD.pack_into(into, at, moment, length, kind, level, crc32(payload, seed ^ (length << 16 | kind << 8 | level)))
    return (end + 7) & -8


def parts_of(text: bytes, room: int, longest: int, number: int) -> Iterator[bytes]:
    """The payloads of the parts that the message `number` is written in: `room` bytes of `text` in each, `longest` in all."""
    if len(text) > longest:
        text = text[: longest - len(CUT)] + CUT
    starts = range(0, len(text), room)
    for index, start in enumerate(starts):
        yield FRAGMENT.pack(number & 0xFFFFFFFF, index, index == len(starts) - 1) + text[start : start + room]
