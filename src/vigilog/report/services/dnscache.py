"""dnscache of djbdns: what it was asked, what it answered, and what went wrong."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Self

from vigilog.parse import dnscache
from vigilog.parse.tai64n import LABEL
from vigilog.patterns.grammar import Grammar
from vigilog.report.dnscache_counts import NO_STAMP, Counts
from vigilog.report.dnscache_tables import events, tables
from vigilog.report.section import Section, text

if TYPE_CHECKING:
    from vigilog.report.services import Moment

NAME = "dnscache"
TITLE = "dnscache"
GROUPS = ("dnscache",)
PIECE = 256 << 10
"""Bytes that are counted at once; their lines stay near the processor."""
MOST_UNMATCHED = 10_000
"""So many different lines that are not understood are kept; further ones are counted together."""
_LINE = re.compile(rb"[^\n]*\n")
_FURTHER = b"(further lines)"


class Counting:
    """Counts dnscache's lines, stamped by multilog or tai64n, or bare. With `bounds` (see `parse.tai64n_spans`) stamped ones
    outside of them are left out."""

    def __init__(self, *, numeric: bool = False, bounds: Sequence[bytes] = ()) -> None:
        self._bounds = bounds
        self._numeric = numeric
        self._counts = Counts()
        self._unmatched: Counter[bytes] = Counter()

    def see(self, lines: bytes, moment: Moment) -> None:  # noqa: ARG002 - the stamps are compared as they are
        """Counts whole lines; the last one may lack its newline."""
        if not lines.endswith(b"\n"):
            lines += b"\n" if lines else b""
        at = 0
        while at < len(lines):
            end = lines.rfind(b"\n", at, at + PIECE) + 1 or lines.index(b"\n", at) + 1
            self._see(lines[at:end])
            at = end

    def merge(self, other: Self) -> None:
        """Takes over what `other` counted of the lines after these."""
        self._counts.merge(other._counts)
        for line, times in other._unmatched.items():
            self._not_understood(line, times)

    def section(self) -> Section:
        """What was counted until now."""
        unmatched = tuple((text(line), times) for line, times in self._unmatched.most_common())
        lines = self._counts.kinds.total() + self._unmatched.total()
        return Section(NAME, TITLE, tables(self._counts, numeric=self._numeric), unmatched, events(self._counts), lines)

    def _see(self, lines: bytes) -> None:
        stamped = lines.startswith(b"@")
        pieces = list(_grammar(stamped=stamped).sifted(lines))
        if stamped and pieces == [(lines, b"")]:
            self._counts.see(lines, self._bounds, stamped=True)
            return
        if self._bounds:
            lines = self._of_range(lines)
            pieces = list(_grammar(stamped=stamped).sifted(lines))
        others = self._count(pieces, stamped=stamped)
        rest = self._count(_grammar(stamped=not stamped).sifted(others), stamped=not stamped)
        for line in rest.split(b"\n")[:-1]:
            self._not_understood(line, 1)

    def _of_range(self, lines: bytes) -> bytes:
        """The lines within the bounds. One without a stamp belongs to the one before it, a first one to the one behind it."""
        each = _LINE.findall(lines)
        inside = bool(bisect_right(self._bounds, next(filter(LABEL.match, each), b"")) % 2)
        chosen = []
        for line in each:
            if LABEL.match(line):
                inside = bool(bisect_right(self._bounds, line) % 2)
            if inside:
                chosen.append(line)
        return b"".join(chosen)

    def _count(self, pieces: Iterable[tuple[bytes, bytes]], *, stamped: bool) -> bytes:
        """Counts lines of the grammar, and gives the others."""
        entries, others = [], []
        for those, other in pieces:
            entries.append(those)
            others.append(other)
        block = b"".join(entries)
        if block:
            block = block if stamped else NO_STAMP + block[:-1].replace(b"\n", b"\n" + NO_STAMP) + b"\n"
            self._counts.see(block, (), stamped=stamped)
        return b"".join(others)

    def _not_understood(self, line: bytes, times: int) -> None:
        known = line in self._unmatched or len(self._unmatched) < MOST_UNMATCHED
        self._unmatched[line if known else _FURTHER] += times


@cache
def _grammar(*, stamped: bool) -> Grammar:
    return Grammar(dnscache.STAMPED if stamped else dnscache.GRAMMAR)
