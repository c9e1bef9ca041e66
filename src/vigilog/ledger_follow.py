"""What is hanging right now: a ledger followed as it grows, over its rotations."""

from __future__ import annotations

import heapq
import select
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Literal, NamedTuple

from vigilog.core.clock import Clock
from vigilog.core.nouns import Chunk, Position
from vigilog.ledger.check import Input
from vigilog.parse.forensic_pairs import Begun, Change, Pairs
from vigilog.run.beginnings import Beginnings
from vigilog.watch.live import Live
from vigilog.watch.options import Options


class Happened(NamedTuple):
    """A request has been open for as long as was asked for (`hanging`), or one of which that was said has `ended`; and how long
    it had been open then, in seconds."""

    what: Literal["hanging", "ended"]
    request: Begun
    age: float


class Hanging:
    """Knows which open requests are older than `older_than` seconds, each once."""

    def __init__(self, older_than: float) -> None:
        self.pairs = Pairs()
        self._older_than = older_than
        self._young: list[tuple[float, int, Begun]] = []
        self._number = count()
        self._told: set[int] = set()

    def see(self, lines: bytes, arrived: float) -> Iterator[Happened]:
        """Takes lines that came at a moment, and gives those that ended after they were told of."""
        change: Change = self.pairs.see(lines, arrived)
        for begun in change.begun:
            heapq.heappush(self._young, (begun.since, next(self._number), begun))
        for begun in change.ended:
            if id(begun) in self._told:
                self._told.discard(id(begun))
                yield Happened("ended", begun, arrived - begun.since)

    def grown_old(self, now: float) -> Iterator[Happened]:
        """Those that have come of age by now and were not told of."""
        while self._young and self._young[0][0] + self._older_than <= now:
            begun = heapq.heappop(self._young)[2]
            if begun in self.pairs:
                self._told.add(id(begun))
                yield Happened("hanging", begun, now - begun.since)

    def due(self, now: float) -> float | None:
        """In how many seconds the next one comes of age, if it does not end before; None if there is none."""
        while self._young and self._young[0][2] not in self.pairs:
            heapq.heappop(self._young)
        return max(0.0, self._young[0][0] + self._older_than - now) if self._young else None


def follow(
    older: Sequence[Sequence[Input]], specs: Sequence[str], older_than: float, clock: Clock, tell: Callable[[str], None]
) -> Iterator[Happened]:
    """Reads the logs that `specs` mean (see `watch.sources`; `-` is standard input), from their first line on and then as they
    grow, and gives what happens, as it happens. `older` are the files of each that were rotated away. Ends when nothing can
    come any more. `tell` takes sentences about logs. Nothing is polled where the kernel tells of changes.

    Raises SourceError and ConfigurationError.
    """
    live = Live(specs, Options(clock, "all"))
    try:
        hanging = {name: Hanging(older_than) for name in live.names}
        for spec, files in zip(specs, older, strict=True):
            for file in files:
                for block in file.blocks():
                    yield from hanging[live.name_of(spec)].see(block, clock())
        yield from _followed(live, hanging, clock, tell)
    finally:
        live.close()


def _followed(live: Live, hanging: dict[str, Hanging], clock: Clock, tell: Callable[[str], None]) -> Iterator[Happened]:
    positions: dict[str, Position] = {}
    beginnings = Beginnings()
    caught_up = False
    poll = select.poll()
    poll.register(live.fileno(), select.POLLIN)
    while True:
        for source in live.ready():
            for item in source.read(positions.get(source.name)):
                if isinstance(item, Chunk):
                    positions[source.name] = item.position
                    yield from hanging[source.name].see(beginnings.of(item), item.arrived)
                else:
                    tell(item.text)
        wait = live.timeout()
        caught_up = caught_up or wait != 0
        if caught_up:  # at the start all that is there is read before anything is called hanging
            now = clock()
            for each in hanging.values():
                yield from each.grown_old(now)
            if live.ended:
                return
            dues = [due for due in (wait, *(each.due(now) for each in hanging.values())) if due is not None]
            poll.poll(int(min(dues) * 1000) + 1 if dues else None)
