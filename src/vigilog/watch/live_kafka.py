"""Topics in Kafka, live: what comes, in a consumer group whose offsets follow what is stored."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import Literal

from vigilog.core.nouns import Chunk, Grade, Notice, Position
from vigilog.core.seams import Reading
from vigilog.watch.kafka import KafkaTopics
from vigilog.watch.kafka_chunks import chunks
from vigilog.watch.kafka_client import library, properties
from vigilog.watch.kafka_lines import line_of
from vigilog.watch.kafka_member import Member
from vigilog.watch.kafka_offsets import Partition, offsets, position
from vigilog.watch.kafka_shelf import Begun, Moved, Shelf

AT_ONCE = 1 << 20
"""About how many bytes one call gives, so that other sources get their turn."""
_LEAVING = 5.0
"""How long (seconds) is waited until the group knows what was read."""


class LiveKafka:
    """The topics of `KafkaTopics`, as records come. Raises MissingExtra, and ConfigurationError where there are no brokers.

    It connects when it is read for the first time, not before: whoever opens it may still fork.
    """

    grade: Grade = "resumable"
    is_log: Literal[False] = False
    ended = False

    def __init__(self, topics: KafkaTopics) -> None:
        library()
        properties(topics.options.kafka, "")
        self.name = topics.name
        self.due: float | None = time.monotonic()
        self._topics = topics
        self._bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._line_of = line_of(topics.spec.field)
        self._shelf = Shelf(None, self._ring)
        self._member: Member | None = None
        self._handed: Position | None = None
        self._reached: dict[Partition, int] = {}
        self._waiting: deque[Chunk | Notice] = deque()

    def fileno(self) -> int:
        """A descriptor that is readable when there is something."""
        return self._bell

    @property
    def more(self) -> bool:
        """Something was fetched that `read` has not given yet."""
        return bool(self._waiting or self._shelf)

    def read(self, since: Position | None) -> Reading:
        """What has come, about 1 MiB of it. The first time, only what comes from now on; partitions that are new later are read
        from their start, and those that another member of the group has read, from where that stopped.

        Notices: missing (no such topic) and unreadable (no broker), said once; lost, long.
        """
        self.due = None
        with suppress(BlockingIOError):
            os.eventfd_read(self._bell)
        if self._member is None or _state(since) != _state(self._handed):
            self._go_to(since)
        size = 0
        while size < AT_ONCE and (self._waiting or self._shelf):
            if not self._waiting:
                self._waiting.extend(self._received())
            while self._waiting:
                item = self._waiting.popleft()
                if isinstance(item, Chunk):
                    self._handed = item.position
                    size += len(item.data)
                yield item

    def accepted(self, position: Position) -> None:
        """What was read up to this position is stored: the group may know."""
        self._shelf.store(offsets(position))

    def drain(self) -> None:
        """What is not read now is read after the next start."""

    def close(self) -> None:
        """Leaves the group."""
        self._shelf.end()
        if self._member:
            self._member.join(_LEAVING)
        os.close(self._bell)

    def _go_to(self, since: Position | None) -> None:
        """Reads on at this position. Raises SourceError if it is none."""
        own = offsets(since) if since else None
        self._shelf.end()  # the former member leaves by itself
        self._waiting.clear()
        self._handed, self._reached = since, dict(own or {})
        self._shelf = Shelf(own, self._ring)
        self._member = Member(self._topics.spec, self._topics.options, self._shelf)

    def _received(self) -> Iterator[Chunk | Notice]:
        item = self._shelf.take()
        clock = self._topics.options.clock
        match item:
            case Begun():
                self._reached |= item.offsets
                yield Chunk(self.name, b"", clock(), position(self.name, self._reached))
            case Moved():
                self._reached[item.partition] = item.offset
                yield item.notice
            case Notice():
                yield item
            case list():
                yield from chunks(self.name, item, self._reached, self._line_of, clock)

    def _ring(self) -> None:
        with suppress(OSError):  # closed meanwhile
            os.eventfd_write(self._bell, 1)


def _state(position: Position | None) -> dict[str, object] | None:
    return dict(position.state) if position else None
