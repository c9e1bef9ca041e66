"""What was counted of a service's lines: how often each kind of message was there with which fields, and when.

Everything is a count, so two tallies add up to one, and text stays bytes until a section is made of it. What an attacker can
make up (addresses, names) cannot grow without an end: past MOST different fields of a kind, the rare ones become one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Self

from vigilog.report.section import BUCKET, Cell, Section, Series, Table, text

Fields = tuple[bytes, ...]
Row = tuple[Cell, ...]

MOST = 1 << 17
"""So many different fields of a kind are kept apart."""
_UNMATCHED = 1000
"""So many different lines that were not understood are kept; further ones are only counted."""
OTHERS = b"(others)"
_OTHER_LINES = b"(other lines)"


class Tally:
    """`kinds`: for each kind of message, how often it was there with which fields. `lines`: how many lines were the service's.
    `over_time`: for each title, how many there were in each bucket."""

    def __init__(self) -> None:
        self.kinds: dict[str, Counter[Fields]] = defaultdict(Counter)
        self.lines = 0
        self.over_time: dict[str, Counter[float]] = defaultdict(Counter)
        self._unmatched: Counter[bytes] = Counter()

    def total(self, *kinds: str) -> int:
        """How many messages of these kinds there were."""
        return sum(self.kinds[kind].total() for kind in kinds if kind in self.kinds)

    def not_understood(self, lines: Mapping[bytes, int]) -> None:
        """Notes lines that are the service's, and are counted already, but of no known kind."""
        for line, times in lines.items():
            known = line in self._unmatched or len(self._unmatched) < _UNMATCHED
            self._unmatched[line if known else _OTHER_LINES] += times

    def happened(self, title: str, moment: float | None, times: int) -> None:
        """Notes when something was, if that is known (seconds since the epoch)."""
        if moment is not None:
            self.over_time[title][moment // BUCKET * BUCKET] += times

    def bound(self, *kinds: str) -> None:
        """Keeps only the more frequent half of the fields of these kinds apart, if there are more than MOST."""
        for kind in kinds:
            counts = self.kinds[kind]
            if len(counts) > MOST:
                self.kinds[kind] = _bounded(counts)

    def merge(self, other: Self) -> None:
        """Adds another one's counts."""
        self.lines += other.lines
        for kind, counts in other.kinds.items():
            self.kinds[kind].update(counts)
        for title, buckets in other.over_time.items():
            self.over_time[title].update(buckets)
        self.not_understood(other._unmatched)

    def section(self, name: str, title: str, tables: Iterable[Table]) -> Section:
        """The section of a service: these tables, as far as there is something in them."""
        filled = tuple([table for table in tables if table.rows])
        return Section(name, title, filled, self._not_understood(), self._series(), self.lines)

    def _not_understood(self) -> tuple[tuple[str, int], ...]:
        ordered = sorted(self._unmatched.items(), key=lambda item: (item[0] == _OTHER_LINES, -item[1], item[0]))
        return tuple([(text(line), times) for line, times in ordered])

    def _series(self) -> tuple[Series, ...]:
        return tuple([Series(title, tuple(sorted(buckets.items()))) for title, buckets in sorted(self.over_time.items())])

    def ranked(self, kinds: str | Iterable[str], *places: int, shown: Callable[[bytes], str] = text) -> tuple[Row, ...]:
        """Rows of the fields at `places` and how often they were there together, the most frequent first."""
        found: Counter[Fields] = Counter()
        for kind in (kinds,) if isinstance(kinds, str) else kinds:
            found += summed(self.kinds.get(kind, {}), *places)
        return ranked(found, shown)


def summed(counts: Mapping[Fields, int], *places: int) -> Counter[Fields]:
    """How often the fields at `places` were there together."""
    found: Counter[Fields] = Counter()
    for fields, times in counts.items():
        found[tuple([fields[place] for place in places])] += times
    return found


def ranked(counts: Mapping[Fields, int], shown: Callable[[bytes], str] = text) -> tuple[Row, ...]:
    """Rows of fields and how often they were there, the most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple([(*map(shown, fields), times) for fields, times in ordered])


def totals(title: str, *rows: tuple[str, int | float]) -> Table:
    """A table of figures that belong together; those that are 0 are left out."""
    return Table(title, ("What", "Count"), tuple([row for row in rows if row[1]]))


def _bounded(counts: Counter[Fields]) -> Counter[Fields]:
    kept = Counter(dict(counts.most_common(MOST // 2)))
    width = len(next(iter(kept)))
    kept[(OTHERS,) * width] += counts.total() - kept.total()
    return kept
