"""Topics in Kafka as a source that ends: what is there now. See `live_kafka` for what comes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from vigilog.core.errors import SourceError
from vigilog.core.nouns import Chunk, Grade, Notice, Position
from vigilog.core.seams import Reading
from vigilog.watch.kafka_chunks import Message, chunks
from vigilog.watch.kafka_client import bounds, first, library, partitions, properties, taken, told
from vigilog.watch.kafka_lines import line_of
from vigilog.watch.kafka_offsets import Partition, offsets, position
from vigilog.watch.kafka_spec import Spec
from vigilog.watch.options import Options

PATIENCE = 30.0
"""A reading that hears nothing more of brokers for so long (seconds) has failed."""


@dataclass(frozen=True, slots=True)
class KafkaTopics:
    """The records of topics, one line each (`kafka_lines`), partition by partition in their order. No group knows of it."""

    spec: Spec
    options: Options
    grade: Grade = field(default="resumable", init=False)

    @property
    def name(self) -> str:
        """`kafka:` and the topics, and what else was said about them."""
        return self.spec.name

    def read(self, since: Position | None) -> Reading:
        """See `core.seams.Source`: up to the records that are the last ones when it begins.

        Notices: missing (no such topic) and unreadable (no broker); lost (records were deleted before they were read, or the
        topic was); long. Raises MissingExtra, ConfigurationError without brokers, SourceError if reading breaks off.
        """
        own = offsets(since) if since else None
        with self._consumer() as consumer:
            error = library().KafkaException
            try:
                found = partitions(consumer, self.spec)
                begin = own if own is not None else first(consumer, found, self.options)
                ends = {each: bounds(consumer, each) for each in found}
            except error as failure:
                yield Notice("unreadable", self.name, f"{self.name} could not be read: {told(failure)}")
                return
            if not found:
                yield Notice("missing", self.name, f"File could not be read: {self.name}: there is no such topic")
            reached = dict(begin)
            yield from self._losses(ends, reached)
            wanted = {each: high for each, (low, high) in ends.items() if reached.get(each, low) < high}
            yield from self._between(consumer, wanted, {each: reached.get(each, ends[each][0]) for each in wanted}, reached)
        if since is None and reached == begin:
            yield Chunk(self.name, b"", self.options.clock(), position(self.name, reached))

    @contextmanager
    def _consumer(self) -> Iterator[Any]:
        consumer = library().Consumer(properties(self.options.kafka, "vigilog-check", **{"enable.partition.eof": True}))
        try:
            yield consumer
        finally:
            consumer.close()

    def _losses(self, ends: Mapping[Partition, tuple[int, int]], reached: dict[Partition, int]) -> Iterator[Notice]:
        """Says what is not there any more, and puts right where it is gone on."""
        for partition, (low, high) in ends.items():
            at = reached.get(partition, low)
            if not low <= at <= high:
                yield lost(self.name, partition, at, low, high)
                reached[partition] = low

    def _between(
        self, consumer: Any, ends: Mapping[Partition, int], begin: Mapping[Partition, int], reached: dict[Partition, int]
    ) -> Reading:
        """The records from where partitions begin to where they end."""
        kafka = library()
        line, unread = line_of(self.spec.field), set(ends)
        consumer.assign([kafka.TopicPartition(*each, begin[each]) for each in sorted(ends)])
        while unread:
            messages: list[Message] = []
            found = taken(consumer, PATIENCE)
            if not found:
                raise SourceError(f"{self.name}: nothing came from the brokers for {PATIENCE:g} seconds")
            for message in found:
                partition = Partition(message.topic(), message.partition())
                if (failure := message.error()) is None:
                    messages.append(message)
                    if message.offset() >= ends.get(partition, 0) - 1:
                        unread.discard(partition)
                elif failure.code() == kafka.KafkaError._PARTITION_EOF:  # noqa: SLF001 - so it is named
                    unread.discard(partition)
                else:
                    raise SourceError(f"{self.name} cannot be read any further: {told(failure)}")
            yield from chunks(self.name, messages, reached, line, self.options.clock)


def lost(source: str, partition: Partition, at: int, low: int, high: int) -> Notice:
    """What is said where `at` is not between the first record and the end."""
    if at < low:
        what = f"its records {at} to {low - 1} were deleted before they could be read"
    else:
        what = f"it was read to {at} and ends at {high}: it was deleted and made anew, or cut, and is read from its start"
    return Notice("lost", source, f"{source}: partition {partition}: {what}")
