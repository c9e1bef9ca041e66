"""Files that were there when a reading began and whose names are gone by now."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from vigilog.watch.generation import Generation
from vigilog.watch.identity import Marks, end_of, holds
from vigilog.watch.predecessor import find_previous
from vigilog.watch.rotation import History

Seen = tuple[int, int, int]
"""A file as it was at a look: device, inode, and the time of its last change, since inodes are used again."""


@dataclass(frozen=True, slots=True)
class Unread:
    """Files of an earlier look that are open still (oldest first), and all that were seen then."""

    files: Sequence[Generation] = ()
    seen: Collection[Seen] = ()


def signs(file: Generation) -> Seen:
    """What an open file is known by until the next look."""
    return file.device, file.inode, file.modified


def with_unread(history: History, unread: Unread, marks: Marks | None) -> History:
    """The history and those unread files that are gone since, not just renamed or packed: the descriptors have their bytes.

    A file that is gone stands before all that were not seen then, since they are newer, and behind the one that was read
    before it (by `marks`). Raises OSError and MissingExtra.
    """
    files = list(history.generations)
    following: int | None = None
    for file in reversed(unread.files):
        known = next((index for index, other in enumerate(files) if _is_same(file, other)), None)
        if known is not None:
            following = known
        elif not file.is_empty():
            if following is None:
                following = _first_new(files, unread, marks, len(files) - (history.current is not None))
            files.insert(following, file)
    return replace(history, generations=tuple(files))


def _first_new(files: Sequence[Generation], unread: Unread, marks: Marks | None, last: int) -> int:
    previous = find_previous(files[:last], marks) if marks else None
    first = 0 if previous is None else previous + 1
    times = {modified for _, _, modified in unread.seen}
    for index in range(first, last):
        file = files[index]
        if signs(file) not in unread.seen and not (file.is_packed and file.modified in times):  # packing leaves the time
            return index
    return last


def _is_same(file: Generation, other: Generation) -> bool:
    if (file.device, file.inode) == (other.device, other.inode):
        return True
    return other.is_packed and not file.is_empty() and holds(end_of(file), other)
