"""What lies in files: the last blocks of black boxes, and the requests of a ledger that did not end. What was read is kept
until its file changes."""

from __future__ import annotations

import os
from functools import lru_cache
from io import BytesIO
from typing import NamedTuple

from vigilog.core.errors import SourceError
from vigilog.core.nouns import Place
from vigilog.ledger.check import unfinished
from vigilog.ledger.flight import oldest_first
from vigilog.ledger.opened_lines import Opened
from vigilog.ledger_files import LedgerFile
from vigilog.parse.forensics import Block, blocks

TAIL = 4 << 20
"""So many bytes of a file with blocks are looked at, the last ones."""
LARGEST_LEDGER = 256 << 20
_BEGIN = b"\n-----BEGIN "


class Found(NamedTuple):
    """A block; its number is the byte in its file that it begins near, which no later block changes."""

    number: int
    block: Block


def blocks_of(path: str) -> list[Found]:
    """The blocks in the last TAIL bytes of a file, in their order. Raises SourceError."""
    return _blocks(path, *_state(path))


def flying(path: str) -> tuple[Opened, ...]:
    """The `+` lines of requests that did not end, oldest first. Raises SourceError, also for a ledger that is too long to be
    read while somebody waits."""
    size, changed, inode = _state(path)
    if size > LARGEST_LEDGER:
        text = f"{size >> 20} MiB, too long for a page"
        raise SourceError(text, place=Place(path), remedy=f"run: vigilog ledger check {path}")
    return _flying(path, size, changed, inode)


def _state(path: str) -> tuple[int, int, int]:
    try:
        found = os.stat(path)
    except OSError as error:
        raise SourceError(error.strerror or "cannot be read", place=Place(path)) from error
    return found.st_size, found.st_mtime_ns, found.st_ino


@lru_cache(maxsize=8)
def _blocks(path: str, size: int, _changed: int, _inode: int) -> list[Found]:
    start = max(0, size - TAIL)
    try:
        with open(path, "rb") as file:
            file.seek(start)
            data = file.read(size - start)
    except OSError as error:
        raise SourceError(error.strerror or "cannot be read", place=Place(path)) from error
    if start:
        cut = data.find(_BEGIN)
        cut = len(data) if cut < 0 else cut + 1
        data, start = data[cut:], start + cut
    offsets = [start]
    for line in BytesIO(data):
        offsets.append(offsets[-1] + len(line))
    return [Found(offsets[min(each.line - 1, len(offsets) - 1)], each) for each in blocks(BytesIO(data))]


@lru_cache(maxsize=8)
def _flying(path: str, _size: int, _changed: int, _inode: int) -> tuple[Opened, ...]:
    file = LedgerFile(path, lambda _: None)
    try:
        return oldest_first(unfinished(file.inputs()))
    finally:
        file.close()
