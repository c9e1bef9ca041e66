"""Finding the lines of requests again, in the block in which they began."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

_FEW = 8


class Opened(NamedTuple):
    """The `+` line of a request: its ID, the file (as it is called) and the line in it (from 1), and the line as it stands,
    without its newline."""

    id: bytes
    file: str
    line: int
    text: bytes


def lines_of(wanted: Collection[bytes], block: bytes, file: str, before: int) -> Iterator[Opened]:
    r"""All `+` lines of a block (see `blocks`) with one of the `wanted` IDs. `before` is the number of the file's line in front
    of the block. In no order."""
    if len(wanted) > _FEW:
        for number, line in enumerate(block.split(b"\n"), before):
            if line[:1] == b"+" and (identity := line[1:].partition(b"|")[0].removesuffix(b"\r")) in wanted:
                yield Opened(identity, file, number, line)
        return
    for identity in wanted:
        head = b"\n+" + identity
        start = block.find(head)
        while start >= 0:
            end = block.find(b"\n", start + len(head))
            line = block[start + 1 :] if end < 0 else block[start + 1 : end]
            if line[len(head) - 1 :].partition(b"|")[0] in {b"", b"\r"}:
                yield Opened(identity, file, before + block.count(b"\n", 0, start) + 1, line)
            start = block.find(head, start + len(head))
