"""Many sorted extents made into one sorted text, in flat memory.

Extents that follow each other are chained, and a single chain is only copied. Chains that overlap are merged in batches:
Python's sort finds the sorted stretches of a batch and joins them faster than a heap of single lines could.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain as joined
from operator import itemgetter
from typing import NamedTuple

from vigilog.report.order import Order

Read = Callable[[int, int], bytes]
"""Gives the bytes of an extent from an offset on, at most so many; none at its end."""

_COPY = 1 << 18
_BUFFERS = 1 << 20
_SMALLEST_BUFFER = 1 << 12
_LARGEST_BUFFER = 1 << 16


@dataclass(frozen=True, slots=True)
class Extent:
    """Sorted whole lines that lie somewhere. `number` tells which of two extents came first; the rest is as in Run."""

    number: int
    first: bytes
    last: bytes
    count: int
    blanks: bool
    read: Read


class _Stretch(NamedTuple):
    number: int
    keys: list[bytes]
    rows: list[bytes]


def merged(extents: Iterable[Extent], order: Order) -> Iterator[bytes]:
    """The lines of `extents` (given in the order of their numbers) in `order`, as blocks of whole raw lines.

    Of equal keys the one that came first is first. Holds a few megabytes, and the longest line of each chain.
    """
    chains = chained(extents, distinct=order.distinct)
    if len(chains) == 1:
        return joined.from_iterable(blocks(extent.read, _COPY) for extent in chains[0])
    return _woven(chains, order)


def chained(extents: Iterable[Extent], *, distinct: bool) -> list[list[Extent]]:
    """`extents` as few lists of extents in each of which no line sorts after one of the next (`distinct`: nor equals one)."""
    find = bisect_left if distinct else bisect_right
    chains: list[list[Extent]] = []
    ends: list[tuple[bytes, int]] = []
    for extent in extents:
        fitting = find(ends, extent.first, key=itemgetter(0))
        if fitting:
            _, place = ends.pop(fitting - 1)
            chains[place].append(extent)
        else:
            place = len(chains)
            chains.append([extent])
        insort(ends, (extent.last, place))
    return chains


def blocks(read: Read, size: int) -> Iterator[bytes]:
    """What `read` gives, as blocks of whole lines of about `size` bytes; longer only where a line is."""
    offset = 0
    wanted = size
    while data := read(offset, wanted):
        end = data.rfind(b"\n") + 1
        if not end and len(data) == wanted:
            wanted *= 2
            continue
        end = end or len(data)
        yield data[:end]
        offset += end
        wanted = size


def _woven(chains: list[list[Extent]], order: Order) -> Iterator[bytes]:
    size = max(_SMALLEST_BUFFER, min(_LARGEST_BUFFER, _BUFFERS // max(1, len(chains))))
    streams = [_stretches(chain, order, size) for chain in chains]
    fronts = [(next(stream), 0, stream) for stream in streams]
    printed: bytes | None = None
    while fronts:
        # All lines up to here are in memory: what a chain has not yet shown comes after its own last key and number.
        bound = min((stretch.keys[-1], stretch.number) for stretch, _, _ in fronts)
        taken: list[_Stretch] = []
        remaining: list[tuple[_Stretch, int, Iterator[_Stretch]]] = []
        for stretch, start, stream in fronts:
            end = _reach(stretch, start, bound)
            if end > start:
                taken.append(_Stretch(stretch.number, stretch.keys[start:end], stretch.rows[start:end]))
            if end < len(stretch.rows):
                remaining.append((stretch, end, stream))
            elif following := next(stream, None):
                remaining.append((following, 0, stream))
        fronts = remaining
        rows = _sorted_rows(taken)
        if order.distinct:
            rows = [row for row in dict.fromkeys(rows) if row != printed]
            printed = rows[-1] if rows else printed
        if rows:
            yield b"\n".join(rows) + b"\n"


def _stretches(chain: list[Extent], order: Order, size: int) -> Iterator[_Stretch]:
    for extent in chain:
        for block in blocks(extent.read, size):
            rows = block.split(b"\n")
            rows.pop()
            yield _Stretch(extent.number, order.keys(block), rows)


def _reach(stretch: _Stretch, start: int, bound: tuple[bytes, int]) -> int:
    """How many lines of `stretch` sort no later than `bound`: of those with its key, only an earlier extent's or its own."""
    key, number = bound
    find = bisect_right if stretch.number <= number else bisect_left
    return find(stretch.keys, key, start)


def _sorted_rows(stretches: list[_Stretch]) -> list[bytes]:
    if len(stretches) == 1:
        return stretches[0].rows
    stretches.sort(key=itemgetter(0))
    keys = list(joined.from_iterable(stretch.keys for stretch in stretches))
    rows = list(joined.from_iterable(stretch.rows for stretch in stretches))
    return [rows[place] for place in sorted(range(len(rows)), key=keys.__getitem__)]
