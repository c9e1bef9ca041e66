"""librdkafka as a reader: how it is set up, and the few questions that are put to a cluster before reading."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from vigilog.core.errors import ConfigurationError, MissingExtra
from vigilog.watch.kafka_offsets import Partition
from vigilog.watch.kafka_spec import Spec
from vigilog.watch.options import Kafka, Options
from vigilog.watch.today import midnight

ANSWER = 10.0
"""How long a broker has to answer, in seconds."""
AT_ONCE = 4000
"""Records that are taken together."""

_USUAL: Mapping[str, object] = {
    "client.id": "vigilog",
    "topic.metadata.refresh.interval.ms": 10_000,  # how soon a new topic or partition is seen
    "reconnect.backoff.max.ms": 2000,  # brokers that are back are not waited for
    "queued.max.messages.kbytes": 8192,  # what is fetched ahead, of all partitions together
    "fetch.message.max.bytes": 1 << 20,
    "partition.assignment.strategy": "cooperative-sticky",
    "session.timeout.ms": 20_000,  # who is restarted by then has its partitions still
}
"""What may be set otherwise."""

_OURS: Mapping[str, object] = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "error",  # what is lost must be said
}
"""What positions depend on."""

RESERVED = frozenset({*_OURS, "group.id", "group.instance.id", "group.protocol", "enable.partition.eof"})
"""Properties that nobody else may set."""


class _Silent:
    """Where librdkafka says what it has to say: what matters comes as an error besides."""

    def log(self, level: int, *said: object) -> None:
        """Takes a line."""


def library() -> Any:
    """The module confluent_kafka. Raises MissingExtra."""
    try:
        import confluent_kafka  # noqa: PLC0415 - an extra, and many threads
    except ModuleNotFoundError as error:
        if error.name != "confluent_kafka":
            raise
        raise MissingExtra("a source in Kafka needs confluent-kafka", remedy="pip install 'vigilog[kafka]'") from error
    return confluent_kafka


def properties(kafka: Kafka, group: str, **more: object) -> dict[str, object]:
    """What a reader is set up with, and `more`. Raises ConfigurationError where there are no brokers."""
    if not kafka.properties.get("bootstrap.servers"):
        remedy = "write kafka_brokers in [watch], or brokers in [ship]"
        raise ConfigurationError("a source in Kafka, and no brokers", expected="a broker", remedy=remedy)
    theirs = {name: value for name, value in kafka.properties.items() if name not in RESERVED}
    return {**_USUAL, **theirs, **_OURS, "group.id": group, "logger": _Silent(), **more}


def is_incremental(made: Mapping[str, object]) -> bool:
    """Whether partitions come and go one by one with these properties, not all at a time."""
    return "cooperative" in str(made["partition.assignment.strategy"])


def partitions(consumer: Any, spec: Spec) -> list[Partition]:
    """All partitions that there are of the topics. Raises KafkaException."""
    topics = consumer.list_topics(timeout=ANSWER).topics
    return [
        Partition(name, number)
        for name in sorted(topics)
        if spec.means(name) and topics[name].error is None
        for number in sorted(topics[name].partitions)
    ]


def committed(consumer: Any, wanted: Iterable[Partition]) -> dict[Partition, int]:
    """What the group has read, of those partitions that it has read anything of. Raises KafkaException."""
    asked = [library().TopicPartition(*each) for each in wanted]
    return _known(consumer.committed(asked, timeout=ANSWER)) if asked else {}


def taken(consumer: Any, seconds: float) -> list[Any]:
    """What was fetched, records and errors; if there is nothing yet, the first that comes within so many seconds."""
    message = consumer.poll(seconds)
    return [] if message is None else [message, *consumer.consume(AT_ONCE - 1, 0)]


def bounds(consumer: Any, partition: Partition) -> tuple[int, int]:
    """The offset of the first record that is there, and the one behind the last. Raises KafkaException."""
    low, high = consumer.get_watermark_offsets(library().TopicPartition(*partition), timeout=ANSWER)
    return low, high


def first(consumer: Any, wanted: Iterable[Partition], options: Options) -> dict[Partition, int]:
    """Where a reading begins that nothing is known of: where the options say; for `all` nothing is said, it begins with what
    is there. Raises KafkaException."""
    if options.first == "all":
        return {}
    ends = {each: bounds(consumer, each)[1] for each in wanted}
    if options.first == "none" or not ends:
        return ends
    moment = int(midnight(options.clock) * 1000)
    found = consumer.offsets_for_times([library().TopicPartition(*each, moment) for each in ends], timeout=ANSWER)
    return ends | _known(found)


def _known(found: Iterable[Any]) -> dict[Partition, int]:
    return {Partition(each.topic, each.partition): each.offset for each in found if each.error is None and each.offset >= 0}


def told(error: Any) -> str:
    """What is said of an error (KafkaError, or KafkaException around one)."""
    inner = getattr(error, "args", [None])[0] if isinstance(error, Exception) else error
    text: Callable[[], str] | None = getattr(inner, "str", None)
    return text() if text else str(inner if inner is not None else error)
