"""Finding the unread rest: from marks of an earlier reading and the files that are there now to what must be read, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import NamedTuple

from vigilog.core.nouns import Notice
from vigilog.watch.generation import Generation, digest
from vigilog.watch.identity import (
    HEAD,
    TAIL,
    Mark,
    Marks,
    before,
    begins_alike,
    end_of,
    head,
    holds,
    is_same_inode,
)
from vigilog.watch.rotation import History

_COMPARED = 4096
_ATTEMPTS = 5


class Step(NamedTuple):
    """One file to read, from offset `start`. `head` and `before` are the first 1024 and the last 256 bytes before that, or as
    many as there are. `inside`: it lies within a record. `expected` are the first bytes of the log itself when it was found."""

    generation: Generation
    start: int
    head: bytes = b""
    before: bytes = b""
    inside: bool = False
    expected: bytes = b""


def step_at(generation: Generation, start: int, *, inside: bool = False) -> Step:
    """A step that begins at `start`. Raises OSError and MissingExtra."""
    return Step(generation, start, head(generation, start), before(generation, start), inside)


@dataclass(frozen=True, slots=True)
class Route:
    """What to read: `late` lines that a slow writer added to files that were done with, then the `steps`, oldest first.

    `previous` is the mark in the last file before the steps that has anything in it; `notices` tell what was not found.
    """

    steps: tuple[Step, ...]
    previous: Mark | None
    late: tuple[Step, ...] = ()
    notices: tuple[Notice, ...] = ()


def first_route(history: History, steps: tuple[Step, ...]) -> Route:
    """The route of a first reading, which begins with `steps`: files before them count as read."""
    headed = tuple(step._replace(expected=before(step.generation, TAIL)) for step in steps)
    return Route(_without_empty_ends(headed), _end_before(history.generations, history.generations.index(steps[0].generation)))


def route(name: str, path: str, history: History, seen: Marks) -> Route:
    """What was written since `seen`. `name` is the source's, `path` what notices call the log. Raises OSError, MissingExtra.

    The file that was being read is looked for among those behind the one before it, the oldest first, so that of a file and
    its truncated successor that begin alike the right one is taken. A mere copy of a later file is passed over.

    A log may be copied and cut while this looks at one file after the other. So what was found is not believed before it
    is found again: the log still holds the mark, or a loss is still one.
    """
    found = _route(name, path, history, seen)
    for _ in range(_ATTEMPTS):
        first = found.steps[0] if found.steps else None
        if not found.notices and (first is None or first.generation is not history.current or _is_still(seen.own, first)):
            return found
        again = _route(name, path, history, seen)
        if found.notices and again.notices:
            return again
        found = again
    return found


def _is_still(own: Mark, step: Step) -> bool:
    if own.offset == 0:
        return before(step.generation, TAIL).startswith(step.expected)
    return holds(own, step.generation) and own.head in {"", digest(step.head)} and own.tail in {"", digest(step.before)}


def _route(name: str, path: str, history: History, seen: Marks) -> Route:
    files = history.generations
    expected = before(history.current, TAIL) if history.current else b""
    place = _find_previous(history, seen)
    first = 0 if place is None else place + 1
    own = seen.own
    candidates = [index for index in range(first, len(files)) if _may_be(own, files[index], behind_previous=first > 0)]
    candidates = _without_copies(own, files, candidates)
    notices: tuple[Notice, ...] = ()
    if candidates:
        index = candidates[0]
        start = own.offset
        if start == 0 and files[index] is history.current and files[index].inode != own.inode:
            notices = (_loss(name, path, history.current, own),)
    elif (copy := _find_short_copy(history, own, first)) is not None:
        index = copy
        start = files[index].length()
    elif history.current is None:
        return Route((), seen.previous)
    else:
        index = first if place is not None else _first_since(history, own)
        start = 0
        notices = (_loss(name, path, history.current, own),)
    steps = [step_at(files[index], start, inside=own.inside and start == own.offset)]
    steps += [Step(file, 0) for file in _without_early_copies(files[index + 1 :])]
    previous, late = _previous(files, seen, place, index)
    found = tuple(step._replace(expected=expected) for step in steps)
    return Route(_without_empty_ends(found), previous, late, notices)


def _find_previous(history: History, seen: Marks) -> int | None:
    previous = seen.previous
    if previous is None:
        return None
    older = [generation for generation in history.generations if generation is not history.current]
    for index in reversed(range(len(older))):
        if is_same_inode(previous, older[index]) and _is_previous(previous, older[index], trusted=previous.packed):
            return index
    for index, generation in enumerate(older):  # packed since, or copied; a log that always begins alike is not mistaken
        if _is_previous(previous, generation, trusted=False) and not (seen.own.offset and holds(seen.own, generation)):
            return index
    return None


def _is_previous(previous: Mark, generation: Generation, *, trusted: bool) -> bool:
    return begins_alike(previous, generation) and (trusted or not previous.tail or holds(previous, generation))


def _may_be(own: Mark, generation: Generation, *, behind_previous: bool) -> bool:
    if own.offset == 0:  # nothing was read of it: whatever was written since may be it
        return behind_previous or is_same_inode(own, generation) or generation.modified >= own.modified
    return holds(own, generation)


def _without_copies(own: Mark, files: Sequence[Generation], candidates: list[int]) -> list[int]:
    """Where the marked inode is still there and whole, what else looks like it is a copy of it: `cp`, logrotate's `copy`."""
    same = next((index for index in candidates if is_same_inode(own, files[index])), None)
    if same is None:
        return candidates
    return [index for index in candidates if index >= same or not _is_beginning(files[index], files[same])]


def _is_beginning(copy: Generation, whole: Generation) -> bool:
    """`whole` begins with what `copy` begins and ends with, at the same places."""
    head = copy.read_at(0, HEAD)
    if whole.read_at(0, len(head)) != head:
        return False
    length = copy.length()
    start = max(0, length - _COMPARED)
    return copy.read_at(start, length - start) == whole.read_at(start, length - start)


def _find_short_copy(history: History, own: Mark, first: int) -> int | None:
    """A rotated copy that was made before all that we read was written: all of it was read. (copytruncate loses the rest.)"""
    if own.head_length < HEAD and not first:
        return None  # too little to be sure
    for index, generation in enumerate(history.generations):
        if index >= first and generation is not history.current and begins_alike(own, generation):
            return index if generation.length() < own.offset else None
    return None


def _first_since(history: History, own: Mark) -> int:
    last = len(history.generations) - 1
    if not own.modified:
        return last
    return next((index for index, file in enumerate(history.generations) if file.modified >= own.modified), last)


def _previous(files: Sequence[Generation], seen: Marks, place: int | None, index: int) -> tuple[Mark | None, tuple[Step, ...]]:
    """The mark in the last file before `index` that had anything in it, and what came to files before `index` since then."""
    previous = seen.previous
    if previous is None and seen.own.modified:
        return None, tuple(Step(file, 0) for file in _filled(files, 0, index) if file.modified >= seen.own.modified)
    if previous is None or place is None:
        return _end_before(files, index), ()
    generation = files[place]
    late = [Step(file, 0) for file in _filled(files, place + 1, index)]
    size = generation.size()
    if not previous.packed and (size is None or size > previous.offset):
        late.insert(0, step_at(generation, previous.offset, inside=previous.inside))
    return replace(previous, device=generation.device, inode=generation.inode), tuple(late)


def _filled(files: Sequence[Generation], first: int, index: int) -> list[Generation]:
    """The files from `first` to before `index` that have anything in them and are no copies of the one at `index`."""
    return [file for file in files[first:index] if not (file.is_empty() or _is_beginning(file, files[index]))]


def _end_before(files: Sequence[Generation], index: int) -> Mark | None:
    filled = _filled(files, 0, index)
    return end_of(filled[-1]) if filled else None


def _without_early_copies(files: Sequence[Generation]) -> list[Generation]:
    """The files without those that just begin as the next one does: it is being copied, and not cut yet."""
    pairs = zip_longest(files, files[1:])
    return [file for file, later in pairs if later is None or file.length() < HEAD or not _is_beginning(file, later)]


def _without_empty_ends(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    while len(steps) > 1 and steps[-1].generation.is_empty():
        steps = steps[:-1]
    return steps


def _loss(name: str, path: str, current: Generation, own: Mark) -> Notice:
    size = current.size()
    if is_same_inode(own, current) and size is not None and size < own.offset:
        return Notice(
            "shrank",
            name,
            f"***************\n*** WARNING ***: Log file {path} is smaller than last time checked!\n"
            "*************** This could indicate tampering.",
        )
    if is_same_inode(own, current):
        return Notice(
            "lost",
            name,
            f"{path} was cut or rewritten since it was read to byte {own.offset}: what was appended before that is lost",
        )
    return Notice(
        "lost",
        name,
        f"{path} is another file since it was read to byte {own.offset}, and the former one is not there any more: "
        "what was appended to that is lost",
    )
