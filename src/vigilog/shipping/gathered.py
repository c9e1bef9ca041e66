"""Records that were collected and not yet handed over."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable

from vigilog.ship.record import Record
from vigilog.ship.seam import Target
from vigilog.shipping.streams import Block


class Gathered:
    """Records and blocks of records; `size` is the bytes of their values, `topics` how many of each topic were handed over."""

    def __init__(self) -> None:
        self.size = 0
        self.topics: Counter[str] = Counter()
        self._records: list[Record] = []
        self._blocks: deque[Block] = deque()

    @property
    def records(self) -> int:
        """How many single records wait. They are handed over before blocks, so that the number that each will have is known."""
        return len(self._records)

    def add(self, records: Iterable[Record]) -> None:
        """Takes records."""
        for record in records:
            self._records.append(record)
            self.size += len(record.value)

    def add_blocks(self, blocks: Iterable[Block]) -> None:
        """Takes blocks of records."""
        for block in blocks:
            self._blocks.append(block)
            self.size += sum(map(len, block.values))

    def hand_over(self, target: Target) -> None:
        """Offers everything to a target. Raises what that raises; what it took is not offered again."""
        if self._records:
            target.offer(self._records)
            self.topics.update(record.topic for record in self._records)
            self._records = []
        while self._blocks:
            topic, values, keys = self._blocks[0]
            target.offer_values(topic, values, keys)
            self.topics[topic] += len(values)
            self._blocks.popleft()
        self.size = 0
