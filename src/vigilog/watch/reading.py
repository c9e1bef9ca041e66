"""Following a log through its history: from a position, over whatever happened to its files, to the records of now."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import NamedTuple

from vigilog.core.clock import Clock
from vigilog.core.errors import SourceError
from vigilog.core.nouns import Chunk, Notice, Place, Position, Scalar
from vigilog.core.seams import Reading
from vigilog.watch.generation import Generation
from vigilog.watch.identity import HEAD, Mark, Marks, end_of, holds, mark, marks, state
from vigilog.watch.records import LIMIT, Cut, Rest, cut
from vigilog.watch.rotation import History
from vigilog.watch.route import Route, Step, route

_ROUNDS = 3
"""A log that was rotated or cut while it was read is looked at again, but not forever: the next reading goes on."""


@dataclass(frozen=True, slots=True)
class Log:
    """A log with a history, as `follow` needs it.

    `name` is its source's name, `path` the file that is being written. `look` opens its files: it is given what the log's
    real path was (or an empty string) and the stack that closes them. `begin` says where a first reading starts, given a
    history with a current file. `takeover` gives what another program remembers of the log. `joins` says whether a record
    that one file leaves unfinished goes on in the next one.
    """

    name: str
    path: str
    look: Callable[[str, ExitStack], History]
    begin: Callable[[History], Route]
    takeover: Callable[[], Marks | None]
    joins: Callable[[Generation, Generation], bool]
    clock: Clock
    partial_lines: bool


@dataclass(slots=True)
class _Progress:
    """How far this reading has come: `marks` after the last record, `handed` the state that was last handed on."""

    marks: Marks | None
    handed: Mapping[str, Scalar] | None


def follow(log: Log, since: Position | None) -> Reading:
    """Everything complete that was written since the position; `None` is the first reading.

    Every Chunk's position resumes behind its last record. If the position moved without a record (into another file, or
    at a first reading that finds nothing), a last Chunk without data carries it. Raises SourceError and MissingExtra.
    """
    seen = marks(log.name, since.state) if since else log.takeover()
    progress = _Progress(seen, since.state if since else None)
    unread: Sequence[Generation] = ()
    with ExitStack() as opened:
        try:
            for attempt in range(_ROUNDS):
                history, found = _find(log, progress.marks, unread, opened)
                if attempt == 0 and history.reason:
                    yield _absence(log, history.reason)
                if not found.steps:
                    break
                changed = yield from _walk(log, found, history, progress)
                if changed is None and _is_at(log.path, history.current):
                    break
                unread = history.generations[history.generations.index(changed or found.steps[-1].generation) :]
            if progress.marks and (position := state(progress.marks)) != progress.handed:
                yield Chunk(log.name, b"", log.clock(), Position(log.name, position))
        except OSError as error:
            raise SourceError(error.strerror or str(error), place=Place(log.path)) from error


def _find(log: Log, seen: Marks | None, unread: Sequence[Generation], opened: ExitStack) -> tuple[History, Route]:
    """Looks at the files and finds the way. A loss is not believed if the log was rotated between looking and finding."""
    attempts = _ROUNDS
    while True:
        attempts -= 1
        with ExitStack() as trial:
            history = _with_unread(log.look(seen.log if seen else "", trial), unread)
            found = _begin(log, history) if seen is None else route(log.name, log.path, history, seen)
            if not attempts or not found.notices or history.is_unmoved():
                opened.push(trial.pop_all())
                return history, found


def _begin(log: Log, history: History) -> Route:
    return log.begin(history) if history.current else Route((), None)


def _walk(log: Log, found: Route, history: History, progress: _Progress) -> Generator[Chunk | Notice, None, Generation | None]:
    """Reads a route. If a file was cut meanwhile, it gives the file that it came to: all from there on must be found anew."""
    yield from found.notices
    first = found.steps[0]
    own = mark(first.generation, first.start, first.head, first.before, inside=first.inside)
    previous = found.previous
    for late in found.late:
        end = yield from _records(log, late, _late(history.log, own), progress)
        if end is None:
            return first.generation
        previous = end.mark
    progress.marks = Marks(history.log, own, previous)
    held, inside = b"", first.inside
    for index, step in enumerate(found.steps):
        at = _beside(history.log, previous)
        if not (held or inside):
            progress.marks = at(mark(step.generation, step.start, step.head, step.before))
        following = found.steps[index + 1 : index + 2]
        finished = not log.joins(step.generation, following[0].generation) if following else log.partial_lines
        finished = finished or step.generation.is_packed
        is_new = step.generation is history.current and step.start == 0
        end = yield from _records(
            log,
            step._replace(inside=inside),
            at,
            progress,
            held=held,
            is_same=_same(history, step) if is_new else _is_trusted,
            finished=finished,
        )
        if end is None:
            return found.steps[max(0, index - 1)].generation
        held, inside = (b"", False) if finished else (end.rest.data, end.rest.inside)
        if end.rest.end:
            previous = end.mark
    return None


def _is_trusted() -> bool:
    return True


def _same(history: History, step: Step) -> Callable[[], bool]:
    return lambda: history.is_unmoved() and step.generation.read_at(0, len(step.expected)) == step.expected


class _End(NamedTuple):
    """How the reading of one file ended: what was left over, and the mark behind all of it."""

    rest: Rest
    mark: Mark


def _records(
    log: Log,
    step: Step,
    at: Callable[[Mark], Marks],
    progress: _Progress,
    *,
    held: bytes = b"",
    is_same: Callable[[], bool] = _is_trusted,
    finished: bool = True,
) -> Generator[Chunk | Notice, None, _End | None]:
    """The records of one file, the first of them begun by `held`; of a finished file the last one needs no newline. None if
    the file was cut meanwhile.

    `is_same` is asked once, when the first bytes have been read and before they are handed on: a file of which nothing
    was known yet may have been cut and filled anew since it was found.
    """
    generation = step.generation
    head, inside = step.head, step.inside
    is_sure = False
    for item in cut(generation.read_at, step.start, generation.size(), step.before, held=held, inside=inside):
        is_sure = is_sure or is_same()
        if not is_sure or (isinstance(item, Rest) and item.changed):
            return None
        if len(head) < HEAD:
            head = (head + item.data[len(held) :])[: min(HEAD, item.end)]
            held = b""
        here = mark(generation, item.end, head, item.before, inside=isinstance(item, Cut) and item.piece)
        if isinstance(item, Rest):
            if generation.damage:
                yield _damage(log, generation, item.end)
            if finished and item.data:
                yield _chunk(log, item.data + b"\n", at(here), progress)
            if finished:
                progress.marks = at(here)
            return _End(item, here)
        if item.piece and not inside:
            yield Notice("long", log.name, f"{log.path}: a record longer than {LIMIT} bytes was cut into pieces")
        inside = item.piece
        yield _chunk(log, item.data, at(here), progress, piece=inside)
    raise AssertionError("cut ends with a Rest")


def _damage(log: Log, generation: Generation, end: int) -> Notice:
    text = f"{generation.path} is damaged ({generation.damage}): what follows its byte {end} cannot be read"
    return Notice("lost", log.name, text)


def _chunk(log: Log, data: bytes, marks: Marks, progress: _Progress, *, piece: bool = False) -> Chunk:
    progress.marks = marks
    progress.handed = state(marks)
    return Chunk(log.name, data, log.clock(), Position(log.name, progress.handed), piece=piece)


def _beside(real: str, previous: Mark | None) -> Callable[[Mark], Marks]:
    return lambda own: Marks(real, own, previous)


def _late(real: str, own: Mark) -> Callable[[Mark], Marks]:
    return lambda previous: Marks(real, own, previous)


def _with_unread(history: History, unread: Sequence[Generation]) -> History:
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


def _is_at(path: str, current: Generation | None) -> bool:
    try:
        status = os.stat(path)
    except OSError:
        return current is None
    return current is not None and (status.st_dev, status.st_ino) == (current.device, current.inode)


def _absence(log: Log, reason: OSError | ValueError) -> Notice:
    if isinstance(reason, FileNotFoundError | NotADirectoryError | ValueError):
        return Notice("missing", log.name, f"File could not be read: {log.path}")
    return Notice("unreadable", log.name, f"File could not be read: {log.path}: {reason.strerror}")
