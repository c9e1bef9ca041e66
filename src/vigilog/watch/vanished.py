"""Files that were there when a reading began and whose names are gone by now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vigilog.watch.generation import Generation
from vigilog.watch.identity import end_of, holds
from vigilog.watch.rotation import History


def with_unread(history: History, unread: Sequence[Generation]) -> History:
    """The history and those files of an earlier look that are gone since, not just renamed or packed: the descriptors still
    have their bytes."""
    files = list(history.generations)
    following = len(files) - (history.current is not None)
    for file in reversed(unread):
        known = next((index for index, other in enumerate(files) if _is_same(file, other)), None)
        if known is not None:
            following = known
        elif not file.is_empty():
            files.insert(following, file)
    return replace(history, generations=tuple(files))


def _is_same(file: Generation, other: Generation) -> bool:
    if (file.device, file.inode) == (other.device, other.inode):
        return True
    return other.is_packed and not file.is_empty() and holds(end_of(file), other)
