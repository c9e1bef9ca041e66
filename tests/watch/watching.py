"""What tests of live sources share: a loop that does with `Live` what the watchman does, as long as somebody is waiting for something."""

from __future__ import annotations

import math
import select
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Self

from tests.watch.reader import Reader, noon
from vigilog.core.nouns import Chunk, Notice, Position
from vigilog.watch.live import Live
from vigilog.watch.options import Options


class Watching:
    """Reads all sources as they become ready. `records` and `notices` are those of all, `wakes` counts the calls of `ready`."""

    def __init__(self, *specs: str, positions: Mapping[str, Position | None] | None = None, **options: object) -> None:
        self.positions = positions or {}
        self.live = Live(specs, Options(**{"clock": noon, "first": "none", **options}))  # type: ignore[arg-type]
        self.readers: dict[str, Reader] = {}
        self.items: list[Chunk | Notice] = []
        self.wakes = 0

    def __enter__(self) -> Self:
        self.settle()
        return self

    def __exit__(self, *_: object) -> None:
        self.live.close()

    def stored(self) -> dict[str, Position | None]:
        """The positions, to start another one at."""
        return {name: reader.position for name, reader in self.readers.items()}

    @property
    def records(self) -> list[bytes]:
        """The records so far, those of one source after the other."""
        return [record for reader in self.readers.values() for record in reader.records]

    @property
    def notices(self) -> list[Notice]:
        return [notice for reader in self.readers.values() for notice in reader.notices]

    def kinds(self) -> list[str]:
        return [notice.kind for notice in self.notices]

    def turn(self, patience: float = 0.0) -> bool:
        """Waits as long as the watchman would, at most `patience` seconds, and reads. False: nothing was ready."""
        timeout = self.live.timeout()
        wait = patience if timeout is None else min(patience, timeout)
        waiting = select.poll()  # descriptors may lie above 1023, where select() has no room
        waiting.register(self.live, select.POLLIN)
        ready = waiting.poll(None if wait is None else math.ceil(wait * 1000))
        if not ready and (timeout is None or timeout > wait):
            return False
        self.wakes += 1
        for source in self.live.ready():
            reader = self.readers.setdefault(source.name, Reader(source, self.positions.get(source.name)))
            reader.source = source
            for item in source.read(reader.position):
                self.items.append(item)
                reader.take(item)
        return True

    def settle(self, most: int = 2000) -> list[bytes]:
        """Reads until nothing is ready any more."""
        for _ in range(most):
            if not self.turn():
                return self.records
        raise AssertionError("it is never quiet")

    def until(self, done: Callable[[], bool], seconds: float = 10.0) -> None:
        """Reads until `done`."""
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, (self.records[-3:], len(self.records), self.notices)
            self.turn(0.2)

    def wait(self, *records: bytes, seconds: float = 10.0) -> None:
        """Reads until these are exactly the records so far."""
        self.until(lambda: len(self.records) >= len(records), seconds)
        self.settle()
        assert self.records == list(records)


def texts(notices: Sequence[Notice]) -> list[str]:
    """What the notices say."""
    return [notice.text for notice in notices]
