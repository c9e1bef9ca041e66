"""Following a log through its history: from a position, over whatever happened to its files, to the records of now."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack
from dataclasses import replace

from vigilog.core.errors import SourceError
from vigilog.core.nouns import Chunk, Notice, Place, Position
from vigilog.core.seams import Reading
from vigilog.watch.generation import Generation
from vigilog.watch.identity import Mark, Marks, mark, marks, state
from vigilog.watch.notices import absence
from vigilog.watch.one_file import Log, Progress, read_file
from vigilog.watch.rotation import History
from vigilog.watch.route import route
from vigilog.watch.steps import Route, Step
from vigilog.watch.vanished import Unread, signs, with_unread

_ROUNDS = 3
"""A log that was rotated or cut while it was read is looked at again, but not forever: the next reading goes on."""


def follow(
    log: Log,
    since: Position | None,
    unread: Unread = Unread(),  # noqa: B008  it is frozen
    keep: Callable[[Sequence[Generation], Marks | None], None] | None = None,
) -> Reading:
    """Everything complete that was written since the position; `None` is the first reading. `unread` are files of the log that
    the caller has open, maybe without a name by now, and what else was there then. `keep` is told at the end which files
    there were, oldest first, and the last marks in them; the files are closed then.

    Every Chunk's position resumes behind its last record. If the position moved without a record (into another file, or
    at a first reading that finds nothing), a last Chunk without data carries it. Raises SourceError and MissingExtra.
    """
    seen = marks(log.name, since.state) if since else log.takeover()
    progress = Progress(seen, since.state if since else None)
    with ExitStack() as opened:
        try:
            for attempt in range(_ROUNDS):
                history, found = _find(log, progress.marks, unread, opened)
                if attempt == 0 and history.reason:
                    yield absence(log.name, log.path, history.reason)
                if not found.steps:
                    break
                changed = yield from _walk(log, found, history, progress)
                if changed is None and _is_at(log.path, history.current):
                    break
                left = history.generations[history.generations.index(changed or found.steps[-1].generation) :]
                unread = Unread(left, frozenset(map(signs, history.generations)))
            if progress.marks and (position := state(progress.marks)) != progress.handed:
                yield Chunk(log.name, b"", log.clock(), Position(log.name, position))
            if keep:
                keep(history.generations, progress.marks)
        except OSError as error:
            raise SourceError(error.strerror or str(error), place=Place(log.path)) from error


def _find(log: Log, seen: Marks | None, unread: Unread, opened: ExitStack) -> tuple[History, Route]:
    """Looks at the files and finds the way. A loss is not believed if the log was rotated between looking and finding."""
    attempts = _ROUNDS
    while True:
        attempts -= 1
        with ExitStack() as trial:
            history = with_unread(log.look(seen.log if seen else "", trial), unread, seen)
            found = _begin(log, history) if seen is None else route(log.name, log.path, history, seen)
            if not attempts or not found.notices or history.is_unmoved():
                opened.push(trial.pop_all())
                return history, found


def _begin(log: Log, history: History) -> Route:
    return log.begin(history) if history.current else Route((), None)


def _walk(log: Log, found: Route, history: History, progress: Progress) -> Generator[Chunk | Notice, None, Generation | None]:
    """Reads a route. If a file was cut meanwhile, it gives the file that it came to: all from there on must be found anew."""
    yield from found.notices
    first = found.steps[0]
    own = mark(first.generation, first.start, first.head, first.before, inside=first.inside)
    previous = found.previous
    for late in found.late:
        end = yield from read_file(log, late, _late(history.log, own), progress)
        if end is None:
            return first.generation
        previous = end.mark
    progress.marks = Marks(history.log, own, previous)
    held, inside = b"", first.inside
    for index, step in enumerate(found.steps):
        at = beside(history.log, previous)
        if not (held or inside):
            progress.marks = at(mark(step.generation, step.start, step.head, step.before))
        following = found.steps[index + 1 : index + 2]
        finished = not log.joins(step.generation, following[0].generation) if following else log.partial_lines
        finished = finished or step.generation.is_packed
        is_new = step.generation is history.current and step.start == 0
        end = yield from read_file(
            log,
            step._replace(inside=inside),
            at,
            progress,
            held=held,
            is_same=_same(history, step) if is_new else None,
            finished=finished,
        )
        if end is None:
            return found.steps[max(0, index - 1)].generation
        held, inside = (b"", False) if finished else (end.rest.data, end.rest.inside)
        if end.rest.end:
            previous = end.mark
    if progress.marks and found.following and not (held or inside):
        progress.marks = replace(progress.marks, following=found.following)
    return None


def _same(history: History, step: Step) -> Callable[[], bool]:
    return lambda: history.is_unmoved() and step.generation.read_at(0, len(step.expected)) == step.expected


def beside(real: str, previous: Mark | None) -> Callable[[Mark], Marks]:
    """Makes the marks of the log `real` of a mark in its present file; `previous` is that in the file before it."""
    return lambda own: Marks(real, own, previous)


def _late(real: str, own: Mark) -> Callable[[Mark], Marks]:
    return lambda previous: Marks(real, own, previous)


def _is_at(path: str, current: Generation | None) -> bool:
    try:
        status = os.stat(path)
    except OSError:
        return current is None
    return current is not None and (status.st_dev, status.st_ino) == (current.device, current.inode)
