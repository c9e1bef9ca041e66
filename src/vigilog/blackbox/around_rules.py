"""What is known of a program's output, as a rule file says it (`Known`) and as the router needs it (`Matchers`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from vigilog.core.nouns import Rule

By = Literal["line", "process", "program"]
"""What tells which session a line belongs to: itself, the process that wrote it, or nothing: there is one session."""

What = Literal["begin", "same", "fields", "criterion", "died", "end"]
WHATS: tuple[What, ...] = ("begin", "same", "fields", "criterion", "died", "end")
"""What a line can say, in the order in which it is heeded where one line says several things.

begin: a session begins with this line; one of the same key that is still open has ended. same: the process named by the
field `process` belongs to this session. fields: the header's. criterion: a block is written. died: the process named by
`process` is dead, and with it all sessions that lived in it. end: the session ends with this line, as it should.
"""

DEFAULT_LEVEL = 6
"""The syslog level of a line that no pattern gives another one: info."""


class Said(NamedTuple):
    """One pattern: what it says of a line that it matches; `kind` names the block of a criterion."""

    what: What
    rule: Rule
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A program's output, `by` what its sessions are told apart.

    `session`: patterns for each line, of which the first that matches counts: its fields `session` (the key) and `process`
    (where the session lives; also the key, if there is no field `session`). `continued`: a line that none of them matches
    goes on with the line before; else it is the program's own. `levels`: syslog levels with the patterns of their lines, of
    which the most severe counts. `passed`: up to which level lines are what the program would log anyway. `stamped`: lines
    begin with their time. `secrets`: what their fields hold is in no block. `idle`: seconds without a line after which a
    session is over.
    """

    name: str
    by: By = "program"
    session: tuple[Rule, ...] = ()
    says: tuple[Said, ...] = ()
    levels: tuple[tuple[int, Rule], ...] = ()
    passed: int = 7
    stamped: bool = False
    continued: bool = False
    secrets: tuple[Rule, ...] = ()
    idle: float = 900.0
    protocol: str = ""
    description: str = ""


Key = tuple[bytes, int] | None
"""A session's name as its lines have it, and the process that it lives in (0: not known); None: the line is of no session."""

Take = Callable[[bytes], Mapping[str, bytes]]
"""Gives the fields of a line (without newline) by their names."""


@dataclass(frozen=True, slots=True)
class Matchers:
    """What was compiled of it, as plain functions; a line is without its newline, lines are whole, each with one.

    `hits`: for lines, in order, the offset behind each line that says something, and the index in `says` of what it says.
    `takes`: the fields of each of `says`. `keys`: the key of each line, in the order in which they came. `level`: a line's
    syslog level. `redact`: a line without its secrets. `passes`: of lines those that go into the ordinary log (None: every
    byte does, at once).
    """

    says: tuple[Said, ...]
    takes: tuple[Take, ...]
    hits: Callable[[bytes], Sequence[tuple[int, int]]]
    keys: Callable[[list[bytes]], Sequence[Key]]
    level: Callable[[bytes], int]
    redact: Callable[[bytes], bytes]
    passes: Callable[[bytes], bytes] | None
