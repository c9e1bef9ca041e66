"""How the fleet does, as Kafka tells it: what waits, who works, what was decided last; and of this host's workers what they say
themselves."""

from __future__ import annotations

import os
from collections.abc import Iterable
from time import monotonic, sleep
from typing import Any

import msgspec

from vigilog.config.settings import Settings
from vigilog.core.clock import Clock
from vigilog.fleet.connection import Unreachable, missing, properties
from vigilog.fleet.messages import Decision, decision
from vigilog.fleet.place import places, root
from vigilog.fleet.serving import REPORT

PATIENCE = 15.0
"""Seconds that the brokers have to answer."""
PACE = 1.0
"""Seconds between the two looks that tell how many messages are read in one."""
STALE = 15.0
"""A worker that has not told how it does for so many seconds is none any more."""
LAST = 10
"""So many decisions are told."""


class Partition(msgspec.Struct, frozen=True):
    """A partition of the events: how many messages wait, of how many there ever were, and who reads it ('' if nobody does)."""

    number: int
    lag: int
    end: int
    worker: str


class Worker(msgspec.Struct, frozen=True):
    """A member of the group, wherever it is: the name and the host that the brokers know, and its partitions."""

    name: str
    host: str
    partitions: tuple[int, ...]


class Here(msgspec.Struct, frozen=True):
    """A worker of this host, by its own words: memory and disk in bytes."""

    process: int
    now: float
    started: float
    memory: int
    state_bytes: int
    partitions: tuple[int, ...]
    decisions: int
    triggers: dict[str, dict[str, int]]


class FleetStatus(msgspec.Struct, frozen=True):
    """All of it. `throughput` is messages a second; `changelog` how many messages the state's own topics hold."""

    now: float
    group: str
    throughput: float
    changelog: int
    partitions: tuple[Partition, ...]
    workers: tuple[Worker, ...]
    here: tuple[Here, ...]
    decisions: tuple[Decision, ...]

    @property
    def lag(self) -> int:
        """How many messages wait."""
        return sum(each.lag for each in self.partitions)


def look(settings: Settings, clock: Clock) -> FleetStatus:
    """Asks the brokers; takes a second. Raises Unreachable, ConfigurationError, MissingExtra."""
    reached = properties(settings)
    try:
        from confluent_kafka import KafkaException  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise missing(error) from error
    try:
        return _looked(settings, reached, clock)
    except KafkaException as error:
        brokers = reached["bootstrap.servers"]
        raise Unreachable(f"Kafka does not answer at {brokers}: {error.args[0].str()}", remedy="look at brokers") from error


def _looked(settings: Settings, reached: dict[str, Any], clock: Clock) -> FleetStatus:
    from confluent_kafka import Consumer  # noqa: PLC0415 - as above
    from confluent_kafka.admin import AdminClient  # noqa: PLC0415

    fleet = settings.fleet
    group = {
        "group.id": fleet.group,
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "auto.offset.reset": "earliest",
    }
    admin, consumer = AdminClient(reached), Consumer({**reached, **group})
    try:
        topics = admin.list_topics(timeout=PATIENCE).topics
        if fleet.events not in topics:
            raise Unreachable(f"there is no topic {fleet.events}", remedy="`vigilog fleet run` makes it")
        numbers = sorted(topics[fleet.events].partitions)
        workers = _workers(admin, fleet.group, fleet.events)
        before, began = _read(consumer, fleet.events, numbers), clock()
        sleep(PACE)
        after, ended = _read(consumer, fleet.events, numbers), clock()
        owners = {number: worker.name for worker in workers for number in worker.partitions}
        logs = [name for name in topics if name.startswith(f"changelog__{fleet.group}--{fleet.events}--")]
        read = sum(after[number][0] - before[number][0] for number in numbers)
        return FleetStatus(
            now=ended,
            group=fleet.group,
            throughput=max(read, 0) / max(ended - began, PACE / 2),
            changelog=sum(_size(consumer, name, topics[name].partitions) for name in logs),
            partitions=tuple(
                Partition(number, max(after[number][1] - after[number][0], 0), after[number][1], owners.get(number, ""))
                for number in numbers
            ),
            workers=workers,
            here=tuple(_here(settings, ended)),
            decisions=tuple(_last(consumer, fleet.decisions, topics) if fleet.decisions in topics else ()),
        )
    finally:
        consumer.close()


def _read(consumer: Any, topic: str, numbers: Iterable[int]) -> dict[int, tuple[int, int]]:
    """For each partition how far the group has read, and its end."""
    from confluent_kafka import TopicPartition  # noqa: PLC0415 - as above

    found = {}
    for each in consumer.committed([TopicPartition(topic, number) for number in numbers], timeout=PATIENCE):
        low, high = consumer.get_watermark_offsets(each, timeout=PATIENCE)
        found[each.partition] = (max(each.offset, low), high)
    return found


def _size(consumer: Any, topic: str, numbers: Iterable[int]) -> int:
    from confluent_kafka import TopicPartition  # noqa: PLC0415 - as above

    ends = [consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=PATIENCE) for number in numbers]
    return sum(high - low for low, high in ends)


def _workers(admin: Any, group: str, topic: str) -> tuple[Worker, ...]:
    described = admin.describe_consumer_groups([group], request_timeout=PATIENCE)[group].result(PATIENCE)
    return tuple(
        Worker(
            member.member_id,
            member.host.lstrip("/"),
            tuple(sorted(each.partition for each in member.assignment.topic_partitions if each.topic == topic)),
        )
        for member in described.members
    )


def _here(settings: Settings, now: float) -> Iterable[Here]:
    for directory in places(root(settings)):
        try:
            with open(os.path.join(directory, REPORT), "rb") as file:
                told = msgspec.json.decode(file.read(), type=Here)
        except (FileNotFoundError, msgspec.DecodeError):
            continue
        if now - told.now <= STALE:
            yield told


def _last(consumer: Any, topic: str, topics: Any) -> list[Decision]:
    """The newest decisions, oldest first; what is none is left out."""
    from confluent_kafka import TopicPartition  # noqa: PLC0415 - as above

    begins = []
    for number in topics[topic].partitions:
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=PATIENCE)
        begins.append(TopicPartition(topic, number, max(low, high - 3 * LAST)))  # what a transaction writes takes two places
    consumer.assign(begins)
    found: list[Decision] = []
    ended, limit = 0, monotonic() + PATIENCE
    while ended < len(begins) and monotonic() < limit:
        for message in consumer.consume(1000, 0.1):
            if message.error() is not None:
                ended += message.error().name() == "_PARTITION_EOF"
                continue
            try:
                found.append(decision(message.value() or b""))
            except msgspec.DecodeError:
                continue
    return sorted(found, key=lambda each: each.made)[-LAST:]
