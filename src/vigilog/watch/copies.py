"""Telling a copy of a log from the log: what `cp` and logrotate's `copy` and `copytruncate` leave beside it."""

from __future__ import annotations

from collections.abc import Sequence

from vigilog.watch.generation import Generation
from vigilog.watch.identity import HEAD, Mark, begins_alike, is_same_inode

_COMPARED = 4096


def without_copies(own: Mark, files: Sequence[Generation], candidates: list[int]) -> list[int]:
    """The `candidates` (indexes of `files` that hold the mark) that are no copies: where the marked inode is still there and
    whole, what is before it and looks like it is one. That alone is not believed, since a copy may have the inode of a log that
    was deleted: see `without_dated_copies`. Raises OSError and MissingExtra."""
    same = next((index for index in candidates if is_same_inode(own, files[index])), None)
    if same is not None:
        candidates = [index for index in candidates if index >= same or not is_beginning(files[index], files[same])]
    return without_dated_copies(files, candidates)


def is_beginning(copy: Generation, whole: Generation) -> bool:
    """`whole` begins with what `copy` begins and ends with, at the same places. Raises OSError."""
    head = copy.read_at(0, HEAD)
    if whole.read_at(0, len(head)) != head:
        return False
    length = copy.length()
    start = max(0, length - _COMPARED)
    return copy.read_at(start, length - start) == whole.read_at(start, length - start)


def without_dated_copies(files: Sequence[Generation], indexes: Sequence[int]) -> list[int]:
    """Those of `indexes` (ascending) whose files are no copies of the next one: a log that is only copied (logrotate's `copy`)
    still has all that is in its copies. A file without times may be like the next one by chance, and is none. Raises OSError
    and MissingExtra."""
    kept: list[int] = []
    whole: Generation | None = None
    for index in reversed(indexes):
        file = files[index]
        if file.is_empty():
            kept.append(index)
        elif whole is None or not (is_beginning(file, whole) and _is_dated(file)):
            kept.append(index)
            whole = file
    return kept[::-1]


def _is_dated(file: Generation) -> bool:
    from vigilog.parse.stamps import stamp  # noqa: PLC0415  compiles the patterns of all stamps, and copies are few

    arrived = file.modified / 1e9
    return any(stamp(line, arrived) is not None for line in file.read_at(0, HEAD).split(b"\n"))


def find_short_copy(own: Mark, files: Sequence[Generation], current: Generation | None, first: int) -> int | None:
    """The index, from `first` on, of a rotated copy that was made before all that was read was written, or None. All of such a
    copy was read; what the log got after it was lost by copytruncate itself. Raises OSError."""
    if own.head_length < HEAD and not first:
        return None  # too little to be sure
    for index, generation in enumerate(files):
        if index >= first and generation is not current and begins_alike(own, generation):
            return index if generation.length() < own.offset else None
    return None


def without_early_copy(files: Sequence[Generation], current: Generation | None) -> Sequence[Generation]:
    """The files without the one before the log itself if the log begins just as it does: that was copied, and is not cut yet.
    Raises OSError."""
    if len(files) < 2 or files[-1] is not current or files[-2].length() < HEAD or not is_beginning(files[-2], current):
        return files
    return [*files[:-2], current]
