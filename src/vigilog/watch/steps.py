"""What a reading has before it: which files, from where, in which order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from vigilog.core.nouns import Notice
from vigilog.watch.generation import Generation
from vigilog.watch.identity import Mark, before, head


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

    `previous` is the mark in the last file before the steps that has anything in it, `following` the beginning of the empty one
    behind them; `notices` tell what was not found.
    """

    steps: tuple[Step, ...]
    previous: Mark | None
    late: tuple[Step, ...] = ()
    notices: tuple[Notice, ...] = ()
    following: Mark | None = None
