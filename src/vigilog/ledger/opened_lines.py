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
    r"""All lines of a block (see `blocks`) with one of the `wanted` heads (`+ID`). `before` is the number of the file's line in
    front of the block. In no order."""
    if len(wanted) > _FEW:
        for number, line in enumerate(block.split(b"\n"), before):
            if line[:1] == b"+" and (head := line.partition(b"|")[0].removesuffix(b"\r")) in wanted:
                yield Opened(head[1:], file, number, line)
        return
    for head in wanted:
        start = block.find(b"\n" + head)
        while start >= 0:
            behind = start + 1 + len(head)
            end = block.find(b"\n", behind)
            line = block[start + 1 :] if end < 0 else block[start + 1 : end]
            if line[len(head) : len(head) + 1] in {b"|", b""} or line[len(head) :] == b"\r" or line[len(head) :][:2] == b"\r|":
                yield Opened(head[1:], file, before + block.count(b"\n", 0, start) + 1, line)
            start = block.find(b"\n" + head, behind)
