"""The part of a spool that is on the disk: sixteen files, used in turn. Not for more than one thread at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress

from vigilog.ship.block import Block, encoded, part
from vigilog.ship.segment import Segment, cut, examined, read

COUNT = 16
_KEPT = 1 << 20  # what a file may keep of what is done with, rather than be emptied all the time


class Segments:
    """`descriptors` are its files, `size` is how many bytes they shall take together. `say` is told what was found damaged;
    `damaged` counts it, in records (at least). Raises OSError."""

    def __init__(self, descriptors: Sequence[int], size: int, say: Callable[[str], None]) -> None:
        self._say = say
        self._each = max(1, size // COUNT)
        self.damaged = 0
        self._place = (0, 0, 0)  # number read up to, first number of the segment read from, offset in it
        segments = [Segment(descriptor) for descriptor in descriptors]
        for index, segment in enumerate(segments):
            found = examined(segment)
            self.damaged += found.damaged
            if found.damaged:
                say(f"the spool is damaged: at least {found.damaged} records of file {index} are lost")
            elif found.torn:
                say(f"the last {found.torn} bytes of file {index} of the spool were not written to their end; they are cut off")
        self._free = [segment for segment in segments if not segment.end]
        self._used = sorted((segment for segment in segments if segment.end), key=lambda segment: segment.first)

    @property
    def size(self) -> int:
        """Bytes that the files take."""
        return sum(segment.end for segment in self._used)

    @property
    def last(self) -> int:
        """The highest number on the disk (0: nothing is)."""
        return self._used[-1].last if self._used else 0

    def waiting(self, after: int) -> int:
        """How many records have a number above `after`."""
        return sum(segment.waiting(after) for segment in self._used)

    def append(self, blocks: Sequence[Block]) -> None:
        """Writes blocks with higher numbers than all before, and syncs them. Raises OSError; then none of them is there."""
        states = {id(segment): segment.state() for segment in self._used}
        touched: list[Segment] = []
        try:
            begin = 0
            data: list[bytes]
            while begin < len(blocks):
                segment = self._current()
                if segment not in touched:
                    touched.append(segment)
                end, data, room = begin, [], self._each - segment.end
                while end < len(blocks) and (not data or room > 0):
                    data.append(encoded(blocks[end]))
                    room -= len(data[-1])
                    end += 1
                together = blocks[begin:end]
                segment.add(b"".join(data), together[0].first, together[-1].last, sum(block.records for block in together))
                begin = end
            for segment in touched:
                segment.sync()
        except OSError:
            for segment in touched:
                with suppress(OSError):  # what stands behind the end is written over, and cut off by the next start
                    segment.restore(states.get(id(segment), (0, 0, 0, 0)))
            self._sort_out()
            raise

    def _current(self) -> Segment:
        """The file that takes the next block: the last one; another one if it is full and one is free."""
        if not self._used or (self._used[-1].end >= self._each and self._free):
            self._used.append(self._free.pop())
        return self._used[-1]

    def _sort_out(self) -> None:
        self._free += [segment for segment in self._used if not segment.end]
        self._used = [segment for segment in self._used if segment.end]

    def read(self, after: int, until: int, size: int) -> list[Block]:
        """The next blocks above number `after` and not above `until`, about `size` bytes of them; none: there are no more."""
        for segment in self._used:
            if segment.last <= after:
                continue
            known = self._place[:2] == (after, segment.first)
            found = read(segment, self._place[2] if known else 0, after, until, size)
            if found.damaged:
                self.damaged += found.damaged
                self._say(f"the spool is damaged: at least {found.damaged} records are lost")
            if found.blocks:
                self._place = (found.blocks[-1].last, segment.first, found.offset)
                first = found.blocks[0]
                return [part(first, after, first.last) if first.first <= after else first, *found.blocks[1:]]
            if segment.first > until:
                break
        return []

    def forget(self, until: int) -> None:
        """All up to that number is done with. Raises OSError."""
        for segment in list(self._used):
            if segment.last > until:
                break
            if segment is not self._used[-1] or segment.end >= min(_KEPT, self._each):
                segment.clear()
        self._sort_out()

    def drop_oldest(self) -> tuple[int, int] | None:
        """Empties the file with the lowest numbers; gives the first and the last number it held, None if all are empty.
        Raises OSError."""
        if not self._used:
            return None
        dropped = self._used[0].first, self._used[0].last
        self._used[0].clear()
        self._sort_out()
        return dropped

    def cut(self, after: int) -> None:
        """Forgets all numbers above `after`, and that is on the disk when it returns. Raises OSError."""
        for segment in list(self._used):
            if segment.last <= after:
                continue
            heads = cut(segment, after)
            head, offset = heads[-1]
            kept = read(segment, offset, after - 1, after, 1).blocks if head.first <= after else []
            records = sum(each.records for each, _ in heads[:-1])
            last = heads[-2][0].last if len(heads) > 1 else 0
            segment.restore((segment.first if offset else 0, last, records, offset))
            if kept:
                left = part(kept[0], 0, after)
                segment.add(encoded(left), left.first, left.last, left.records)
            segment.sync()
        self._sort_out()

    def clear(self) -> None:
        """Empties all files. Raises OSError."""
        for segment in self._used:
            segment.clear()
        self._sort_out()

    def close(self) -> None:
        """Lets go of the files."""
        for segment in self._used + self._free:
            with suppress(OSError):
                os.close(segment.descriptor)
