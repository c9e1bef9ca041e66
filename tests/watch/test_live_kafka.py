"""Kafka as a source, with a real broker: what comes, in which order, from where; and what is said when something does not."""

from __future__ import annotations

import sys
import time

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.watch.reader import Reader, check_resuming
from tests.watch.watching import Watching, texts
from vigilog.core.errors import ConfigurationError, MissingExtra
from vigilog.core.nouns import Position
from vigilog.watch import kafka_client, kafka_shelf, kafka_trouble
from vigilog.watch.kafka import KafkaTopics
from vigilog.watch.kafka_spec import spec
from vigilog.watch.live_kinds import open_live
from vigilog.watch.options import Kafka, Options

needs_broker = pytest.mark.peer


class Topic:
    """A topic that a test writes to, and how it is watched."""

    def __init__(self, bootstrap, name, partitions=1):
        self.bootstrap, self.name, self.partitions = bootstrap, name, partitions
        self.spec, self.source = f"kafka:{name}", f"kafka:{name}"
        self.group = f"group-{name}"
        self._producer = Producer({"bootstrap.servers": bootstrap, "log_level": 0})

    def write(self, *values, partition=0, name=""):
        for value in values:
            self._producer.produce(name or self.name, value, partition=partition)
        assert self._producer.flush(30) == 0

    def options(self, member="", **more):
        properties = {"bootstrap.servers": self.bootstrap, "topic.metadata.refresh.interval.ms": "300"}
        return Kafka({**properties, **more}, self.group, member)

    def watched(self, *, member="", spec="", positions=None, kafka=None):
        return Watching(spec or self.spec, positions=positions, clock=time.time, kafka=kafka or self.options(member))

    def batch(self, spec="", **options):
        return KafkaTopics(_spec(spec or self.spec), Options(**{"clock": time.time, "kafka": self.options(), **options}))

    def position(self, **offsets):
        """A stored position: p0=5 for the first partition."""
        return Position(self.source, {f"{self.name}/{name[1:]}": offset for name, offset in offsets.items()})

    def committed(self):
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": self.group, "log_level": 0})
        try:
            asked = [TopicPartition(self.name, each) for each in range(self.partitions)]
            return [each.offset for each in consumer.committed(asked, 10)]
        finally:
            consumer.close()


_spec = spec


@pytest.fixture
def topic(kafka):
    """A topic of one partition."""
    return Topic(kafka.bootstrap, kafka.topic())


@pytest.fixture
def parts(kafka):
    """A topic of four partitions."""
    return Topic(kafka.bootstrap, kafka.topic(partitions=4), 4)


def begun(seen):
    """It has said where it begins."""
    seen.until(lambda: bool(seen.items), 30)


def accept(seen):
    """Everything that was read is stored."""
    seen.live.accepted([position for position in seen.stored().values() if position])


@needs_broker
def test_what_comes_is_read_and_an_idle_source_does_nothing(topic):
    topic.write(b"old")
    with topic.watched() as seen:
        begun(seen)
        topic.write(b"one", b"two\nforged\n", b"", None, b"five")
        seen.until(lambda: len(seen.records) == 4)
        assert seen.records == [b"one", b"two#012forged", b"", b"five"]
        assert seen.stored() == {topic.source: topic.position(p0=6)}
        wakes = seen.wakes
        seen.turn(1.5)
        assert seen.wakes == wakes
        assert seen.notices == []


@needs_broker
def test_a_restart_goes_on_behind_the_stored_position_whatever_the_group_knows(topic):
    with topic.watched(member="m") as seen:
        begun(seen)
        topic.write(b"a", b"b")
        seen.until(lambda: len(seen.records) == 2)
        accept(seen)
    assert topic.committed() == [2]
    topic.write(b"c")
    with topic.watched(member="m", positions=seen.stored()) as seen:
        seen.until(lambda: seen.records == [b"c"])
        accept(seen)
    with topic.watched(member="m", positions={topic.source: topic.position(p0=1)}) as seen:
        topic.write(b"d")
        seen.until(lambda: seen.records == [b"d"])  # another member of the group has read b and c


@needs_broker
def test_what_was_fetched_and_not_stored_is_not_told_to_the_group(topic):
    with topic.watched() as seen:
        begun(seen)
        accept(seen)
        topic.write(b"a", b"b")
        seen.until(lambda: len(seen.records) == 2)
    assert topic.committed() == [0]


@needs_broker
def test_read_at_an_older_position_records_come_again(topic):
    with topic.watched() as seen:
        begun(seen)
        topic.write(b"a", b"b", b"c")
        seen.until(lambda: len(seen.records) == 3)
        seen.readers[topic.source].position = topic.position(p0=1)
        (source,) = seen.live._flows.values()
        list(source.read(topic.position(p0=1)))
        seen.until(lambda: seen.records == [b"a", b"b", b"c", b"b", b"c"])


@needs_broker
def test_a_topic_that_comes_later_is_read_from_its_first_record(kafka, topic):
    later = f"{topic.name}-later"
    with topic.watched(spec=f"kafka:{topic.name}-*,{topic.name}-never") as seen:
        begun(seen)
        seen.until(lambda: "missing" in seen.kinds())
        assert texts(seen.notices) == [
            f"kafka:{topic.name}-*,{topic.name}-never: there is no topic {topic.name}-never at the moment"
        ]
        kafka.topic(name=later)
        topic.write(b"first", name=later)
        seen.until(lambda: seen.records == [b"first"], 30)


@needs_broker
def test_two_in_a_group_share_partitions_and_each_record_is_one_of_theirs(parts):
    """The second joins and leaves while records come."""
    sent = 0

    def write():
        nonlocal sent
        for partition in range(4):
            parts.write(*(str(sent + each).encode() for each in range(5)), partition=partition)
            sent += 5

    first = parts.watched()
    with first:
        begun(first)
        write()
        second = parts.watched(spec=f"{parts.spec}?group={parts.group}")
        with second:
            end = time.monotonic() + 30
            while len(second.records) < 60:
                assert time.monotonic() < end
                write()
                for each in (first, second):
                    each.turn(0.05)
                    accept(each)
        first.until(lambda: len({*first.records, *second.records}) == sent, 30)
        accept(first)
    assert sorted(map(int, [*first.records, *second.records])) == list(range(sent))
    assert sum(parts.committed()) == sent


@needs_broker
def test_records_that_were_deleted_are_said_to_be_lost(kafka, topic):
    topic.write(*(b"%d" % number for number in range(10)))
    admin = kafka.admin()
    for made in admin.delete_records([TopicPartition(topic.name, 0, 6)]).values():
        made.result(30)
    with topic.watched(positions={topic.source: topic.position(p0=2)}) as seen:
        seen.until(lambda: len(seen.records) == 4)
        assert seen.records == [b"6", b"7", b"8", b"9"]
        assert texts(seen.notices) == [
            f"{topic.source}: partition {topic.name}/0: its records 2 to 5 were deleted before they could be read"
        ]
    reader = Reader(topic.batch(), topic.position(p0=2))
    assert reader.read() == [b"6", b"7", b"8", b"9"]
    assert reader.kinds() == ["lost"]


@needs_broker
def test_a_topic_that_was_deleted_and_made_anew_is_read_from_its_start_and_that_is_said(kafka, topic):
    topic.write(b"new")
    with topic.watched(positions={topic.source: topic.position(p0=500)}) as seen:
        seen.until(lambda: seen.records == [b"new"])
        assert seen.kinds() == ["lost"]
        assert "it was read to 500 and ends at 1: it was deleted and made anew" in seen.notices[0].text
        topic.write(b"newer")
        seen.until(lambda: seen.records == [b"new", b"newer"])
        assert seen.stored() == {topic.source: topic.position(p0=2)}


@needs_broker
def test_what_nobody_takes_is_fetched_as_far_as_there_is_room(topic, monkeypatch):
    monkeypatch.setattr(kafka_shelf, "ROOM", 1 << 20)
    options = topic.options(**{"queued.max.messages.kbytes": "1024", "fetch.message.max.bytes": str(256 << 10)})
    with topic.watched(kafka=options) as seen:
        begun(seen)
        for _ in range(16):
            topic.write(*[b"x" * 10_000] * 50)
        (source,) = seen.live._flows.values()
        time.sleep(1)
        assert 0 < source._shelf._size < 4 << 20
        seen.until(lambda: len(seen.records) == 800, 60)


@needs_broker
def test_a_trial_leaves_no_trace_in_the_group(topic):
    with topic.watched(kafka=Kafka({"bootstrap.servers": topic.bootstrap}, topic.group, "m", trial=True)) as seen:
        begun(seen)
        topic.write(b"a")
        seen.until(lambda: seen.records == [b"a"])
        accept(seen)
    assert topic.committed() == [-1001]
    topic.group += ".trial"
    assert topic.committed() == [-1001]


@needs_broker
def test_brokers_that_are_away_are_said_once_and_gone_on_with_when_they_are_back(own_kafka, monkeypatch):
    monkeypatch.setattr(kafka_trouble, "PATIENCE", 0.5)
    cluster = own_kafka()
    topic = Topic(cluster.bootstrap, cluster.topic())
    with topic.watched(member="m") as seen:
        begun(seen)
        topic.write(b"before")
        seen.until(lambda: seen.records == [b"before"])
        cluster.kill()
        seen.until(lambda: seen.kinds() == ["unreadable"], 60)
        cluster.restart()
        topic.write(b"after")
        seen.until(lambda: seen.records == [b"before", b"after"], 60)
        assert seen.kinds() == ["unreadable"]
        assert "no broker answers" in seen.notices[0].text


@needs_broker
def test_a_broker_whose_certificate_nobody_signed_is_said_with_its_reason(kafka, topic, monkeypatch):
    monkeypatch.setattr(kafka_trouble, "PATIENCE", 0.5)
    monkeypatch.setattr(kafka_client, "ANSWER", 1.0)
    with topic.watched(kafka=Kafka({"bootstrap.servers": kafka.tls, "security.protocol": "ssl"}, topic.group)) as seen:
        seen.until(lambda: bool(seen.notices), 30)
        assert "certificate verify failed" in seen.notices[0].text
        assert "\n" not in seen.notices[0].text
    authority = str(kafka.certificates / "authority.pem")
    secure = {"bootstrap.servers": kafka.tls, "security.protocol": "ssl", "ssl.ca.location": authority}
    with topic.watched(kafka=Kafka(secure, topic.group)) as seen:
        begun(seen)
        assert seen.kinds() == []


@needs_broker
def test_what_is_there_is_read_and_resumed_from_anywhere(parts):
    for partition in range(4):
        parts.write(*(b"%d" % number for number in range(300)), partition=partition)
    assert sorted(check_resuming(parts.batch())) == sorted([b"%d" % number for number in range(300)] * 4)
    reader = Reader(parts.batch(first="none"))
    assert reader.read() == []
    parts.write(b"later", partition=2)
    assert reader.read() == [b"later"]
    assert reader.read() == []
    assert len(Reader(parts.batch(first="today")).read()) == 1201
    assert parts.committed() == [-1001] * 4


@needs_broker
def test_a_topic_that_is_not_there_and_brokers_that_are_not_are_notices(topic, monkeypatch):
    missing = Reader(topic.batch(spec="kafka:nowhere-to-be-found"))
    assert (missing.read(), missing.kinds()) == ([], ["missing"])
    monkeypatch.setattr(kafka_client, "ANSWER", 0.5)
    away = Reader(topic.batch(kafka=Kafka({"bootstrap.servers": "127.0.0.1:1"})))
    assert (away.read(), away.kinds()) == ([], ["unreadable"])


def test_on_a_mock_cluster_what_comes_is_read_once():
    """Protocol alone, for hosts without Java: librdkafka's own brokers, in this process."""
    brokers = AdminClient({"test.mock.num.brokers": 1, "bootstrap.servers": "mock", "log_level": 0})
    (broker,) = brokers.list_topics("mocked", timeout=10).brokers.values()
    topic = Topic(f"{broker.host}:{broker.port}", "mocked")
    topic.write(b"old")
    with topic.watched() as seen:
        begun(seen)
        topic.write(b"a", b"b")
        seen.until(lambda: seen.records == [b"a", b"b"], 30)
        accept(seen)
    assert topic.committed() == [3]
    assert Reader(topic.batch()).read() == [b"old", b"a", b"b"]
    topic.write(b"c")
    assert Reader(topic.batch(), seen.stored()[topic.source]).read() == [b"c"]


def test_without_brokers_or_the_extra_it_does_not_open_and_says_what_is_missing(monkeypatch):
    with pytest.raises(ConfigurationError, match=r"no brokers.*\[watch\]"):
        open_live("kafka:t", Options(time.time))
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    with pytest.raises(MissingExtra, match=r"pip install 'vigilog\[kafka\]'"):
        open_live("kafka:t", Options(time.time, kafka=Kafka({"bootstrap.servers": "x:1"})))
