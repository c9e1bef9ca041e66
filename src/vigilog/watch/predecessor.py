"""The file before the one that is being read: where it is by now, and what a slow writer has added to it since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vigilog.watch.copies import is_beginning
from vigilog.watch.generation import Generation
from vigilog.watch.identity import Mark, Marks, begins_alike, end_of, holds, is_same_inode
from vigilog.watch.steps import Step, step_at


def find_previous(older: Sequence[Generation], seen: Marks) -> int | None:
    """The index of the file before the marked one in `older`, all files but the log itself; None if there is none any more, or
    never was one. Raises OSError and MissingExtra."""
    previous = seen.previous
    if previous is None:
        return None
    for index in reversed(range(len(older))):
        if is_same_inode(previous, older[index]) and _is_previous(previous, older[index], trusted=previous.packed):
            return index
    for index, generation in enumerate(older):  # packed since, or copied; a log that always begins alike is not mistaken
        if _is_previous(previous, generation, trusted=False) and not (seen.own.offset and holds(seen.own, generation)):
            return index
    return None


def _is_previous(previous: Mark, generation: Generation, *, trusted: bool) -> bool:
    return begins_alike(previous, generation) and (trusted or not previous.tail or holds(previous, generation))


def late_steps(files: Sequence[Generation], seen: Marks, place: int | None, index: int) -> tuple[Mark | None, tuple[Step, ...]]:
    """The mark in the last file before `index` that had anything in it, and what came to files before `index` since then.
    `place` is where find_previous found it. Raises OSError and MissingExtra."""
    previous = seen.previous
    if previous is None and seen.own.modified:
        return None, tuple(Step(file, 0) for file in _filled(files, 0, index) if file.modified >= seen.own.modified)
    if previous is None or place is None:
        return end_before(files, index), ()
    generation = files[place]
    late = [Step(file, 0) for file in _filled(files, place + 1, index)]
    size = generation.size()
    if not previous.packed and (size is None or size > previous.offset):
        late.insert(0, step_at(generation, previous.offset, inside=previous.inside))
    return replace(previous, device=generation.device, inode=generation.inode), tuple(late)


def _filled(files: Sequence[Generation], first: int, index: int) -> list[Generation]:
    """The files from `first` to before `index` that have anything in them and are no copies of the one at `index`."""
    return [file for file in files[first:index] if not (file.is_empty() or is_beginning(file, files[index]))]


def end_before(files: Sequence[Generation], index: int) -> Mark | None:
    """The mark at the end of the last file before `index` that has anything in it and is no copy; None if there is none."""
    filled = _filled(files, 0, index)
    return end_of(filled[-1]) if filled else None
