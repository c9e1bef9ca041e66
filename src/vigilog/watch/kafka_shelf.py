"""What was fetched from Kafka and waits to be taken: put there by one thread, taken and called stored by another."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

from vigilog.core.nouns import Notice
from vigilog.watch.kafka_chunks import Message
from vigilog.watch.kafka_offsets import Offsets, Partition

ROOM = 8 << 20
"""Bytes of records that may wait; what comes together is not parted."""
_RECORD = 100
"""What a record counts besides its bytes."""


class Begun(NamedTuple):
    """Where a reading begins that nothing was known of."""

    offsets: Offsets


class Moved(NamedTuple):
    """A partition goes on at this offset, for what the notice says."""

    partition: Partition
    offset: int
    notice: Notice


Item = list[Message] | Begun | Moved | Notice


class Shelf:
    """`ring` is called when something was put here; `own` is what was read, None if nothing ever was."""

    def __init__(self, own: Offsets | None, ring: Callable[[], None]) -> None:
        self.is_first = own is None
        self._ring = ring
        self._changed = threading.Condition()
        self._items: deque[Item] = deque()
        self._size = 0
        self._taken: dict[Partition, int] = dict(own or {})
        self._stored: dict[Partition, int] = dict(own or {})
        self._has_ended = False

    def __bool__(self) -> bool:
        return bool(self._items)

    @property
    def has_ended(self) -> bool:
        """Nothing is taken any more."""
        return self._has_ended

    def put(self, item: Item) -> None:
        """Puts something behind what is there."""
        with self._changed:
            if self._has_ended:
                return
            if isinstance(item, Begun):
                self.is_first = False
                self._taken |= item.offsets
            self._items.append(item)
            self._size += _size(item)
        self._ring()

    def take(self) -> Item | None:
        """What has been here longest; None: nothing is."""
        with self._changed:
            if not self._items:
                return None
            item = self._items.popleft()
            self._size -= _size(item)
            if isinstance(item, list):
                for message in item:
                    self._taken[_partition(message)] = (message.offset() or 0) + 1
            elif isinstance(item, Moved):
                self._taken[item.partition] = self._stored[item.partition] = item.offset
            self._changed.notify_all()
            return item

    def has_room(self, seconds: float) -> bool:
        """Whether more may be put here; waits up to so many seconds for it."""
        with self._changed:
            return self._changed.wait_for(lambda: self._has_ended or self._size < ROOM, seconds)

    def store(self, offsets: Offsets) -> None:
        """All that was taken from before these offsets is stored. What is known to be stored further stays so: another member
        of the group may have done that."""
        with self._changed:
            self._stored |= {each: max(offset, self._stored.get(each, 0)) for each, offset in offsets.items()}
            self._changed.notify_all()

    def begin(self, partition: Partition, offset: int) -> None:
        """All before this offset was read and stored by somebody: what is put here of the partition begins there."""
        with self._changed:
            self._taken[partition] = self._stored[partition] = offset

    def stored(self) -> dict[Partition, int]:
        """What is stored, by what was said of it."""
        with self._changed:
            return dict(self._stored)

    def taken(self) -> dict[Partition, int]:
        """What was taken, and what was read before."""
        with self._changed:
            return dict(self._taken)

    def drop(self, partitions: Iterable[Partition]) -> None:
        """Throws away what was not taken of these."""
        gone = set(partitions)
        with self._changed:
            kept: deque[Item] = deque()
            for item in self._items:
                if isinstance(item, list):
                    if rest := [message for message in item if _partition(message) not in gone]:
                        kept.append(rest)
                elif not isinstance(item, Moved) or item.partition not in gone:
                    kept.append(item)
            self._items = kept
            self._size = sum(map(_size, kept))
            self._changed.notify_all()

    def is_stored(self, partitions: Iterable[Partition], seconds: float) -> bool:
        """Whether all that was taken of these is stored; waits up to so many seconds for it, unless this is the end."""
        wanted = list(partitions)

        def done() -> bool:
            behind = (each for each in wanted if self._stored.get(each, 0) < self._taken.get(each, 0))
            return self._has_ended or next(behind, None) is None

        with self._changed:
            return self._changed.wait_for(done, seconds)

    def end(self) -> None:
        """Nothing is put here or taken any more."""
        with self._changed:
            self._has_ended = True
            self._items.clear()
            self._size = 0
            self._changed.notify_all()

    def sleep(self, seconds: float) -> None:
        """Waits so long, or until the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._has_ended, seconds)


def _partition(message: Message) -> Partition:
    return Partition(message.topic() or "", message.partition() or 0)


def _size(item: Item) -> int:
    if not isinstance(item, list):
        return 0
    return sum(len(message.value() or b"") + _RECORD for message in item)
