"""The nouns that cross the thresholds of rooms. All frozen, none of them does anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Grade = Literal["resumable", "received"]
"""Whether a source can be read again from a Position (files, journal) or is gone once received (sockets, stdin)."""

Kind = Literal["attack", "violation", "unusual"]
"""The classes of an event, from the most to the least urgent."""

KINDS: tuple[Kind, ...] = ("attack", "violation", "unusual")

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a piece of text stands: a file, the line in it (from 1) and the column (from 1), the last two if known."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        numbers = [str(number) for number in (self.line, self.column) if number is not None]
        return ":".join([self.file, *numbers])


@dataclass(frozen=True, slots=True)
class Position:
    """How far a source has been read. Only the kind of source that made `state` can read it; it is plain JSON."""

    source: str
    state: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Chunk:
    r"""Whole records of one source, each ended by one `\n`, and the Position after them.

    `arrived` is seconds since the epoch; `facts` is what the transport knows (peer, facility, journal stamp).
    `piece` says that `data` is part of one record too long to travel whole: the next chunk of the source continues it.
    """

    source: str
    data: bytes
    arrived: float
    position: Position
    facts: Mapping[str, Scalar] = field(default_factory=dict)
    piece: bool = False


NoticeKind = Literal["missing", "unreadable", "shrank", "lost", "long", "rule", "repeated"]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about Vigilog's own work that the reader of a report must know; never part of a log.

    missing: the log is not there. unreadable: it is, but may not be read. shrank: it became shorter without a rotation,
    which could be tampering. lost: records were written and gone before they could be read. long: a record longer than
    the limit was cut into pieces. rule: a rule could not be used and was skipped. repeated: this was reported before.
    """

    kind: NoticeKind
    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One pattern as its author wrote it: `name` is what reports call it (Debian: the rule file's name), `kind` what a
    match means to the rule set, `language` a key of `patterns.languages.LANGUAGES`, `text` the pattern's own bytes."""

    name: str
    kind: str
    language: str
    text: bytes
    place: Place


class Heading(NamedTuple):
    """What a reported line is reported under: its class, and the name of the rule file ('' where the section has none).

    `unless_attack` lines count only as long as no attack is reported at all (Debian's "higher" rules).
    """

    kind: Kind
    name: str
    unless_attack: bool = False


class Event(NamedTuple):
    """Something that happened. `time` and `arrived` are seconds since the epoch: what the record says of itself, and when it
    came; `line` is the record that proves it, without its newline. `kind` is one of KINDS, or a trigger's own word."""

    time: float
    arrived: float
    source: str
    rule: str
    kind: str
    fields: Mapping[str, str]
    line: bytes


@dataclass(frozen=True, slots=True)
class Alert:
    """A rule's threshold was crossed for a key at `time` (seconds since the epoch) by `count` events. `events` are the proof,
    or the first and the last of it: the last one crossed it and has all its fields, those before have the fields of the key."""

    rule: str
    key: tuple[str, ...]
    time: float
    events: tuple[Event, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done about an alert: by the action of that name. `number` is its place in the outbox (0 where there is
    none), `attempt` how often it was begun, this time included: more than 1 says that it may have been done before.
    `of` is the outcome that the order is about, where an action looks at what others did."""

    number: int
    action: str
    alert: Alert
    attempt: int = 1
    of: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an action did about an order (`done`), or why it did not (`reason`, one line). `changes` are rows for the store,
    written in the transaction that marks the order as finished: plain records of the action's own kind."""

    order: Order
    done: bool
    reason: str
    changes: tuple[object, ...] = ()
