"""What a service that is built in looks like: a module with these names (`vigilog.report.services`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, Self

from vigilog.report.section import Section

Moment = Callable[[bytes], float]
"""The time of a line of the log that is read, in seconds since the epoch."""


class Counts(Protocol):
    """What was counted so far. It travels between processes by pickle, so it holds no open thing and no function."""

    def see(self, lines: bytes, moment: Moment) -> None:
        """Counts whole lines, each ended by a newline, as they stand in the log: with their stamps, in the log's order."""

    def merge(self, other: Self) -> None:
        """Takes over what `other` counted in the lines that follow those seen here."""

    def section(self) -> Section:
        """What was counted until now; counting may go on afterwards."""


class Begin(Protocol):
    """Begins to count. With `numeric` addresses are not looked up and ports and types stay numbers (logwatch's `--numeric`)."""

    def __call__(self, *, numeric: bool = False) -> Counts: ...


class Service(Protocol):
    """A module of `vigilog.report.services`."""

    @property
    def NAME(self) -> str:  # noqa: N802 - a module's constant
        """What `--service` calls it, in lower case."""

    @property
    def TITLE(self) -> str:  # noqa: N802
        """The heading of its section."""

    @property
    def GROUPS(self) -> tuple[str, ...]:  # noqa: N802
        """The log file groups, as logwatch calls them, that it reads."""

    @property
    def Counting(self) -> Begin:  # noqa: N802
        """Where its counts begin."""
