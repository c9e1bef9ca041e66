"""The seams: the signature of everything that can be plugged in. A plug-in is a module in an explicit dict of its room."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from vigilog.core.nouns import Chunk, Grade, Heading, Notice, Order, Outcome, Position

Reading = Iterator[Chunk | Notice]
"""What a source gives, in the order of its records, until nothing more is there for now."""

Verdict = Mapping[Heading, bytes]
"""The lines of a block that are reported, by heading, in input order: raw lines, each still with its newline."""


class Judgement(NamedTuple):
    """What became of a block's lines: those reported, how many stand under no heading, and how many only under others than
    unusual. (The rest is unusual: whoever cuts that into lines knows how many they are.)"""

    verdict: Verdict
    ignored: int
    raised: int


Judge = Callable[[bytes], Judgement]
"""Classifies a block of whole lines (each ended by a newline). Takes no memory of earlier blocks."""


class Source(Protocol):
    """A place that records come from (`watch.sources`)."""

    @property
    def name(self) -> str:
        """The name its Positions are stored under, e.g. `file:/var/log/syslog`; stable over restarts."""

    @property
    def grade(self) -> Grade:
        """Whether its Positions can be read again."""

    def read(self, since: Position | None) -> Reading:
        """Everything after `since` that is complete now; `None` is the first start. Never blocks on a resumable source.

        Raises SourceError when the source cannot be read at all and a Notice would not do.
        """


class Action(Protocol):
    """Something that is done about alerts (`act`). Each has a thread of its own, and is never called by two at once."""

    def perform(self, orders: Sequence[Order]) -> Iterator[Outcome]:
        """Does all that is ordered (whatever came since the last call, in order) and gives the outcome of each as soon as it
        is known. May take its time. Never raises for what goes wrong with one order: that is its outcome."""

    def close(self) -> None:
        """Ends what is under way, in a few seconds at most."""
