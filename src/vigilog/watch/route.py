"""Finding the unread rest: from marks of an earlier reading and the files that are there now to what must be read, in order."""

from __future__ import annotations

from vigilog.core.nouns import Notice
from vigilog.watch.copies import find_short_copy, without_copies, without_dated_copies, without_early_copy
from vigilog.watch.generation import Generation, digest
from vigilog.watch.identity import TAIL, UNKNOWN, Mark, Marks, holds, is_same_inode, mark
from vigilog.watch.notices import gap, loss
from vigilog.watch.predecessor import end_before, find_previous, late_steps
from vigilog.watch.rotation import History
from vigilog.watch.steps import Route, Step, step_at

_ATTEMPTS = 5


def first_route(history: History, steps: tuple[Step, ...]) -> Route:
    """The route of a first reading, which begins with `steps`: files before them count as read."""
    headed = tuple(step._replace(expected=step.generation.read_at(0, TAIL)) for step in steps)
    filled, following = _without_empty_ends(headed)
    previous = end_before(history.generations, history.generations.index(steps[0].generation))
    return Route(filled, previous, following=following)


def route(name: str, path: str, history: History, seen: Marks) -> Route:
    """What was written since `seen`. `name` is the source's, `path` what notices call the log. Raises OSError, MissingExtra.

    The file that was being read is looked for among those behind the one before it, the oldest first, so that of a file and
    its truncated successor that begin alike the right one is taken. A mere copy of a later file is passed over.

    A file that is gone is no loss if nothing was left to read in it and one that was empty then had come after it: that is
    read on.
    """
    found = _found_twice(name, path, history, seen)
    if found.notices and seen.following is not None:
        return _found_twice(name, path, history, Marks(seen.log, seen.following, seen.own))
    return found


def _found_twice(name: str, path: str, history: History, seen: Marks) -> Route:
    """A log may be copied and cut while this looks at one file after the other. So what was found is not believed before it
    is found again: the log still holds the mark, or a loss is still one."""
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
        return step.generation.read_at(0, TAIL).startswith(step.expected)
    return holds(own, step.generation) and own.head in {"", digest(step.head)} and own.tail in {"", digest(step.before)}


def _route(name: str, path: str, history: History, seen: Marks) -> Route:
    files = history.generations
    expected = history.current.read_at(0, TAIL) if history.current else b""
    place = find_previous(files[:-1] if history.current else files, seen)
    first = 0 if place is None else place + 1
    own = seen.own
    candidates = [index for index in range(first, len(files)) if _may_be(own, files[index], behind_previous=first > 0)]
    candidates = without_copies(own, files, candidates)
    notices: tuple[Notice, ...] = ()
    if candidates:
        index = candidates[0]
        start = own.offset
        if start == 0 and files[index] is history.current and own.inode not in {files[index].inode, UNKNOWN}:
            notices = (loss(name, path, history.current, own),)
        elif files[index].is_nameless() and files[index + 1 : index + 2] not in {(), (history.current,)}:
            notices = (gap(name, path),)
    elif (copy := find_short_copy(own, files, history.current, first)) is not None:
        index = copy
        start = files[index].length()
    elif history.current is None:
        return Route((), seen.previous)
    else:
        index = first if place is not None else _first_since(history, own)
        index = without_dated_copies(files, range(index, len(files)))[0]
        start = 0
        notices = (loss(name, path, history.current, own),)
    steps = [step_at(files[index], start, inside=own.inside and start == own.offset)]
    later = without_early_copy(files[index + 1 :], history.current)
    steps += [Step(later[number], 0) for number in without_dated_copies(later, range(len(later)))]
    previous, late = late_steps(files, seen, place, index)
    found = tuple(step._replace(expected=expected) for step in steps)
    filled, following = _without_empty_ends(found)
    return Route(filled, previous, late, notices, following)


def _may_be(own: Mark, generation: Generation, *, behind_previous: bool) -> bool:
    if own.offset == 0:  # nothing was read of it: whatever was written since may be it
        return behind_previous or is_same_inode(own, generation) or generation.modified >= own.modified
    return holds(own, generation)


def _first_since(history: History, own: Mark) -> int:
    last = len(history.generations) - 1
    if not own.modified:
        return last
    return next((index for index, file in enumerate(history.generations) if file.modified >= own.modified), last)


def _without_empty_ends(steps: tuple[Step, ...]) -> tuple[tuple[Step, ...], Mark | None]:
    """The steps without those at the end that are empty; the beginning of the first that was left out."""
    following: Mark | None = None
    while len(steps) > 1 and steps[-1].generation.is_empty():
        following = mark(steps[-1].generation, 0, b"", b"")
        steps = steps[:-1]
    return steps, following
