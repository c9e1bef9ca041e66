"""Blocks in memory, in order, with how long they have been there and what they take."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from vigilog.ship.block import Block


class Held:
    """A queue of blocks with ascending numbers. `size` and `records` are those of all of them."""

    def __init__(self) -> None:
        self._blocks: deque[tuple[Block, float]] = deque()
        self.size = 0
        self.records = 0

    def __bool__(self) -> bool:
        return bool(self._blocks)

    def __iter__(self) -> Iterator[Block]:
        return (block for block, _ in self._blocks)

    @property
    def first(self) -> Block:
        """The oldest one; there must be one."""
        return self._blocks[0][0]

    @property
    def since(self) -> float:
        """Since when the oldest one is there; there must be one."""
        return self._blocks[0][1]

    def add(self, block: Block, since: float) -> None:
        """Puts a block at the end."""
        self._blocks.append((block, since))
        self.size += block.size
        self.records += block.records

    def take(self) -> tuple[Block, float]:
        """Takes the oldest one out; gives it, and since when it was there."""
        block, since = self._blocks.popleft()
        self.size -= block.size
        self.records -= block.records
        return block, since

    def forget(self, until: int) -> int:
        """Takes out all blocks up to that number; gives how many records they were."""
        before = self.records
        while self._blocks and self._blocks[0][0].last <= until:
            self.take()
        return before - self.records
