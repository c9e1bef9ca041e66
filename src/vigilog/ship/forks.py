"""Spools of forked children, below the one of the process they come from."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress

from vigilog.core.errors import AlreadyRunning
from vigilog.ship.block import Batch
from vigilog.ship.spool_files import spool_files

_BELOW = "forks"
_READ = 1 << 20


def childs_directory(directory: str) -> str:
    """A directory for the spool of this process, whose parent's is in `directory`."""
    return os.path.join(directory, _BELOW, f"{os.getpid()}-{secrets.token_hex(4)}")


def left_behind(directory: str, size: int, say: Callable[[str], None]) -> Iterator[tuple[Batch, ...]]:
    """What children that are gone left in their spools below `directory`, in its order. A spool is removed once the caller asks
    for more than it had: by then all of it must be safe elsewhere. Raises StoreError."""
    below = os.path.join(directory, _BELOW)
    names: list[str] = []
    with suppress(FileNotFoundError):
        names = sorted(os.listdir(below))
    for name in names:
        path = os.path.join(below, name)
        try:
            files = spool_files(path, size, say)
        except AlreadyRunning:
            continue
        try:
            number = files.note.note.acknowledged if files.note.note else 0
            while found := files.segments.read(number, files.segments.last, _READ):
                for block in found:
                    yield block.batches
                number = found[-1].last
        finally:
            files.close()
        shutil.rmtree(path)
