"""Files of a spool for tests: plain descriptors in a directory that is thrown away."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import settings

from vigilog.ship.block import Block, batches, block, messages
from vigilog.ship.record import Record


@contextmanager
def directory() -> Iterator[Path]:
    """For hypothesis, whose examples must not share pytest's; in memory where that can be, since each example syncs a lot."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as path:
        yield Path(path)


bounded = settings(deadline=None, max_examples=50)
"""Enough examples, however slow the machine is at the moment."""


def descriptors(path: Path, count: int) -> list[int]:
    return [os.open(path / f"segment-{index:02}", os.O_RDWR | os.O_CREAT, 0o600) for index in range(count)]


def numbered(first: int, count: int, size: int = 10) -> Block:
    """A block of records whose values are their numbers."""
    return block(first, batches([Record("t", b"k", b"%0*d" % (size, first + index)) for index in range(count)]))


def values(blocks: list[Block]) -> list[int]:
    return [int(value) for each in blocks for _, _, value in messages(each)]
