"""dnscache of djbdns: what it was asked, what it answered, and what went wrong."""

from __future__ import annotations

from typing import Self

from vigilog.report.section import Section
from vigilog.report.services import Moment

NAME = "dnscache"
TITLE = "dnscache"
GROUPS = ("dnscache",)


class Counting:
    """Counts dnscache's lines, stamped by multilog or bare."""

    def __init__(self, *, numeric: bool = False) -> None:
        self.numeric = numeric
        self.lines = 0

    def see(self, lines: bytes, moment: Moment) -> None:  # noqa: ARG002 - the form of a service
        """Counts whole lines."""
        self.lines += lines.count(b"\n")

    def merge(self, other: Self) -> None:
        """Takes over what `other` counted after this."""
        self.lines += other.lines

    def section(self) -> Section:
        """What was counted until now."""
        return Section(NAME, TITLE, (), (), (), self.lines)
