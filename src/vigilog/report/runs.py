"""Everything that will be reported, by heading, until it is printed in order: in memory while it is little, on disk beyond."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from vigilog.core.nouns import Heading
from vigilog.report.merge import Extent, merged
from vigilog.report.order import ORDERS, Run, has_trailing_blanks, without_trailing_blanks

if TYPE_CHECKING:
    from vigilog.report.spill import Spill

_OVERHEAD = 600


class Runs:
    """Collects Runs that were made in `order` (a key of ORDERS), in input order.

    `memory` is how many bytes of lines are kept before all of them go to an unlinked file in `directory` (None: where
    temporary files go). Every method raises StoreError where that file cannot be made, written or read.
    """

    def __init__(self, order: str, *, memory: int = 32 << 20, directory: str | None = None) -> None:
        self._order = ORDERS[order]
        self._memory = memory
        self._directory = directory
        self._extents: dict[Heading, list[Extent]] = {}
        self._spilled: dict[Heading, int] = {}
        self._spill: Spill | None = None
        self._held = 0
        self._number = 0

    @property
    def headings(self) -> tuple[Heading, ...]:
        """The headings that have lines, in the order in which they first had one."""
        return tuple(self._extents)

    def add(self, heading: Heading, run: Run) -> None:
        """Takes the next run of `heading`; one without lines is nothing."""
        if not run.count:
            return
        extent = Extent(self._number, run.first, run.last, run.count, run.blanks, partial(_part, run.data))
        self._extents.setdefault(heading, []).append(extent)
        self._number += 1
        self._held += len(run.data) + _OVERHEAD
        if self._held > self._memory:
            self._spill_all()

    def count(self, heading: Heading) -> int:
        """How many lines `pieces` will print. Where equal lines are printed once, this takes as long as printing them."""
        if self._order.distinct:
            return sum(piece.count(b"\n") for piece in self.pieces(heading))
        return sum(extent.count for extent in self._extents.get(heading, ()))

    def pieces(self, heading: Heading) -> Iterator[bytes]:
        """The lines of `heading` in order, as blocks of whole lines, as often as it is asked for."""
        extents = self._extents.get(heading, [])
        pieces = merged(extents, self._order)
        if self._order.strips and any(extent.blanks for extent in extents):
            return (without_trailing_blanks(piece) if has_trailing_blanks(piece) else piece for piece in pieces)
        return pieces

    def move(self, source: Heading, target: Heading) -> None:
        """Puts the lines of `source` among those of `target`, as if they had been its own."""
        extents = self._extents.pop(source, []) + self._extents.get(target, [])
        self._extents[target] = sorted(extents, key=lambda extent: extent.number)
        self._spilled[target] = self._spilled.pop(source, 0) + self._spilled.get(target, 0)

    def close(self) -> None:
        """Forgets everything and gives the disk space back."""
        self._extents.clear()
        self._spilled.clear()
        self._held = 0
        if self._spill is not None:
            self._spill.close()
            self._spill = None

    def _spill_all(self) -> None:
        """Sorts what is in memory into one extent of the file for each heading: the file's extents stay few and large."""
        from vigilog.report.spill import Spill  # noqa: PLC0415 - loads tempfile, which most runs never need

        if self._spill is None:
            self._spill = Spill(self._directory)
        for heading, extents in self._extents.items():
            done = self._spilled.get(heading, 0)
            fresh = extents[done:]
            if fresh:
                start, length = self._spill.append(merged(fresh, self._order))
                extents[done:] = [_spilled(fresh, partial(self._spill.read, start, length))]
                self._spilled[heading] = done + 1
        self._held = 0


def _spilled(extents: list[Extent], read: partial[bytes]) -> Extent:
    return Extent(
        number=extents[0].number,
        first=min(extent.first for extent in extents),
        last=max(extent.last for extent in extents),
        count=sum(extent.count for extent in extents),
        blanks=any(extent.blanks for extent in extents),
        read=read,
    )


def _part(data: bytes, offset: int, size: int) -> bytes:
    return data[offset : offset + size]
