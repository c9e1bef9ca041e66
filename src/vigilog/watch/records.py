"""Cutting the bytes of a log into whole records, block by block, never line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from vigilog.watch.identity import TAIL

BLOCK = 256 * 1024
"""About how much travels together: as much as a scanner likes at once."""
LIMIT = 1024 * 1024
"""A longer record travels in pieces of this size."""


class Cut(NamedTuple):
    r"""Whole records, or a piece of one (`piece`: more of it follows), each ended by a newline; `data` is never empty.

    `end` is the offset behind it in its file, `before` the up to 256 bytes of the file that end there.
    """

    data: bytes
    end: int
    before: bytes
    piece: bool


class Rest(NamedTuple):
    """What is left when the bytes are at their end: a last record without its newline, or nothing.

    `inside` says that pieces of it were handed on already. `changed` says that the file is not any more what it was when it
    was opened: it was cut while it was read, and what was not handed on by then must be looked for anew.
    """

    data: bytes
    end: int
    before: bytes
    inside: bool
    changed: bool


def cut(
    read_at: Callable[[int, int], bytes], start: int, end: int | None, before: bytes, *, held: bytes = b"", inside: bool = False
) -> Iterator[Cut | Rest]:
    """The records from offset `start` to `end` (None: to where the bytes end), and at last one Rest.

    `before` are the bytes that end at `start`. `held` is the beginning of the first record, from another file; `inside` says
    that pieces of it have gone before. With each block the bytes before it are read again, so that a file which was cut
    and filled anew in the meantime (copytruncate) is noticed.
    """
    offset = start
    is_open = inside or bool(held)
    while True:
        wanted = LIMIT - len(held) + 1 if is_open else BLOCK
        if end is not None:
            wanted = min(wanted, end - offset)
        known = len(before)
        block = read_at(offset - known, known + max(0, wanted))
        if not block.startswith(before) or (end is not None and len(block) - known != wanted):
            yield Rest(b"", offset, before, inside, changed=True)
            return
        if not is_open:
            edge = block.rfind(b"\n", known) + 1
            if not edge and wanted == BLOCK and len(block) == known + wanted:
                is_open = True
                continue
            piece = False
            data = block[known:edge]
        else:
            room = LIMIT - len(held)
            edge = block.find(b"\n", known, known + room + 1) + 1
            piece = not edge and len(block) > known + room
            if piece:
                edge = known + room
            data = held + block[known:edge] + (b"\n" if piece else b"")
        if not edge and not piece:
            yield Rest(held + block[known:], offset + len(block) - known, block[-TAIL:], inside, changed=False)
            return
        if not piece:
            is_open = False
        held, inside = b"", piece
        offset += edge - known
        before = block[max(0, edge - TAIL) : edge]
        yield Cut(data, offset, before, piece)
