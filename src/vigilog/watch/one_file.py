"""Reading one file of a log, from where a route says to its end: records out, marks behind each of them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import NamedTuple

from vigilog.core.clock import Clock
from vigilog.core.nouns import Chunk, Notice, Position, Scalar
from vigilog.watch.generation import Generation
from vigilog.watch.identity import HEAD, Mark, Marks, mark, state
from vigilog.watch.notices import damage, too_long
from vigilog.watch.records import Cut, Rest, cut
from vigilog.watch.rotation import History
from vigilog.watch.steps import Route, Step


@dataclass(frozen=True, slots=True)
class Log:
    """A log with a history, as `reading.follow` needs it.

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
class Progress:
    """How far this reading has come: `marks` after the last record, `handed` the state that was last handed on."""

    marks: Marks | None
    handed: Mapping[str, Scalar] | None


class End(NamedTuple):
    """How the reading of one file ended: what was left over, and the mark behind all of it."""

    rest: Rest
    mark: Mark


def read_file(
    log: Log,
    step: Step,
    at: Callable[[Mark], Marks],
    progress: Progress,
    *,
    held: bytes = b"",
    is_same: Callable[[], bool] | None = None,
    finished: bool = True,
) -> Generator[Chunk | Notice, None, End | None]:
    """The records of one file, the first of them begun by `held`; of a finished file the last one needs no newline. Gives None
    if the file was cut meanwhile. `at` makes the log's marks of a mark in this file. Raises OSError and MissingExtra.

    `is_same` is asked once, when the first bytes have been read and before they are handed on: a file of which nothing
    was known yet may have been cut and filled anew since it was found.
    """
    generation = step.generation
    head, inside = step.head, step.inside
    for item in cut(generation.read_at, step.start, generation.size(), step.before, held=held, inside=inside):
        if (is_same and not is_same()) or (isinstance(item, Rest) and item.changed):
            return None
        is_same = None
        if len(head) < HEAD:
            head = (head + item.data[len(held) :])[: min(HEAD, item.end)]
            held = b""
        here = mark(generation, item.end, head, item.before, inside=isinstance(item, Cut) and item.piece)
        if isinstance(item, Rest):
            if generation.damage:
                yield damage(log.name, generation, item.end)
            if finished and item.data:
                yield _chunk(log, item.data + b"\n", at(here), progress)
            if finished:
                progress.marks = at(here)
            return End(item, here)
        if item.piece and not inside:
            yield too_long(log.name, log.path)
        inside = item.piece
        yield _chunk(log, item.data, at(here), progress, piece=inside)
    raise AssertionError("cut ends with a Rest")


def _chunk(log: Log, data: bytes, marks: Marks, progress: Progress, *, piece: bool = False) -> Chunk:
    progress.marks = marks
    progress.handed = state(marks)
    return Chunk(log.name, data, log.clock(), Position(log.name, progress.handed), piece=piece)
