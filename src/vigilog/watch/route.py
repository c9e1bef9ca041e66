"""Finding the unread rest: from marks of an earlier reading and the files that are there now to what must be read, in order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from vigilog.core.nouns import Notice
from vigilog.watch.generation import Generation
from vigilog.watch.identity import (
    HEAD,
    UNKNOWN,
    Mark,
    Marks,
    before,
    begins_alike,
    end_of,
    holds,
    is_same_inode,
)
from vigilog.watch.rotation import History

_COMPARED = 4096


class Step(NamedTuple):
    """One file to read: from offset `start`, which the bytes `before` end at. `inside`: it lies within a record."""

    generation: Generation
    start: int
    before: bytes = b""
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """What to read: `late` lines that a slow writer added to the file before, then the `steps`, oldest first.

    `previous` is the mark in the file before the first step; `notices` tell what could not be found.
    """

    steps: tuple[Step, ...]
    previous: Mark | None
    late: Step | None = None
    notices: tuple[Notice, ...] = ()


def first_route(history: History, steps: tuple[Step, ...]) -> Route:
    """The route of a first reading, which begins with `steps`: files before them count as read."""
    index = history.generations.index(steps[0].generation)
    return Route(_without_empty_ends(steps), end_of(history.generations[index - 1]) if index else None)


def route(name: str, path: str, history: History, seen: Marks) -> Route:
    """What was written since `seen`. `name` is the source's, `path` what notices call the log. Raises OSError, MissingExtra.

    The file that was being read is looked for among those behind the one before it, the oldest first, so that of a file and
    its truncated successor that begin alike the right one is taken. A mere copy of a later file is passed over.
    """
    files = history.generations
    place = _find_previous(history, seen)
    first = 0 if place is None else place + 1
    own = seen.own
    candidates = [index for index in range(first, len(files)) if _may_be(own, files[index], behind_previous=first > 0)]
    while len(candidates) > 1 and _is_beginning(files[candidates[0]], files[candidates[1]]):
        del candidates[0]
    notices: tuple[Notice, ...] = ()
    if candidates:
        index = candidates[0]
        steps = [Step(files[index], own.offset, before(files[index], own.offset), own.inside)]
    elif (copy := _find_short_copy(history, own, first)) is not None:
        index = copy
        steps = [_end_step(files[index])]
    elif history.current is None:
        return Route((), seen.previous)
    else:
        notices = (_loss(name, path, history.current, own),)
        known = first if place is not None else _first_since(history, own)
        index = known
        steps = [Step(files[index], 0)]
    steps += [Step(generation, 0) for generation in files[index + 1 :]]
    previous, late = _previous(history, seen.previous, place if index == first else None, index)
    return Route(_without_empty_ends(tuple(steps)), previous, late, notices)


def _find_previous(history: History, seen: Marks) -> int | None:
    previous = seen.previous
    if previous is None:
        return None
    older = [generation for generation in history.generations if generation is not history.current]
    for index in reversed(range(len(older))):
        if is_same_inode(previous, older[index]) and (not previous.head_length or begins_alike(previous, older[index])):
            return index
    for index, generation in enumerate(older):  # packed since, or copied; a log that always begins alike is not mistaken
        if begins_alike(previous, generation) and not (seen.own.offset and holds(seen.own, generation)):
            return index
    return None


def _may_be(own: Mark, generation: Generation, *, behind_previous: bool) -> bool:
    if own.offset == 0:  # nothing was read of it: whatever was written since may be it
        return behind_previous or is_same_inode(own, generation) or generation.modified >= own.modified
    return holds(own, generation)


def _is_beginning(copy: Generation, whole: Generation) -> bool:
    """`whole` begins with all that `copy` holds: `cp`, logrotate's `copy`, a file about to be truncated."""
    length = copy.length()
    start = max(0, length - _COMPARED)
    return copy.read_at(0, min(HEAD, length)) == whole.read_at(0, min(HEAD, length)) and copy.read_at(
        start, length - start
    ) == whole.read_at(start, length - start)


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


def _previous(history: History, seen: Mark | None, place: int | None, index: int) -> tuple[Mark | None, Step | None]:
    """The mark in the file before `index`, and what came to that file since the mark."""
    if place is None or seen is None:
        return (end_of(history.generations[index - 1]) if index else None), None
    generation = history.generations[place]
    moved = replace(seen, device=generation.device, inode=generation.inode)
    if seen.offset == UNKNOWN:
        return moved, None
    size = generation.size()
    if (size is None and not is_same_inode(seen, generation)) or (size is not None and size > seen.offset):
        return moved, Step(generation, seen.offset, before(generation, seen.offset), seen.inside)
    return moved, None


def _end_step(generation: Generation) -> Step:
    end = generation.length()
    return Step(generation, end, before(generation, end))


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
