"""Records reach a real broker: all of them, in order, whatever happens on the way."""

from __future__ import annotations

import json
import os
import socket
import time
from collections import defaultdict

import pytest

from vigilog.core.errors import AlreadyRunning, StoreError
from vigilog.ship.record import Record
from vigilog.ship.settings import Connection, Property, SpoolSettings
from vigilog.ship.shipper import Shipper

pytestmark = pytest.mark.peer
PATIENCE = 60.0
SOON = ("reconnect.backoff.max.ms", "500")


def shipper(directory, bootstrap, *pairs, said=None, hold=False, committed=None, **options):
    return Shipper(
        Connection([bootstrap], [Property(name, value) for name, value in (SOON, *pairs)]),
        SpoolSettings(str(directory), **options),
        say=(said if said is not None else []).append,
        hold=hold,
        committed=committed,
    )


def nowhere():
    """An address where nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


def wait_until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def by_key(records):
    found = defaultdict(list)
    for record in records:
        found[record.key].append(int(record.value))
    return found


def test_all_records_arrive_in_order_per_key(kafka, tmp_path):
    topic = kafka.topic(partitions=4)
    with shipper(tmp_path, kafka.bootstrap, write_after=None) as to:
        for first in range(0, 20_000, 100):
            to.offer([Record(topic, b"key-%d" % (number % 7), b"%d" % number) for number in range(first, first + 100)])
        assert to.settle(PATIENCE)
        assert to.counts.acknowledged == 20_000
        ending = to.close(PATIENCE)
    assert str(ending) == "20000 acknowledged"
    found = by_key(kafka.records(topic))
    assert sorted(number for numbers in found.values() for number in numbers) == list(range(20_000))
    assert all(numbers == sorted(numbers) for numbers in found.values())
    assert len(found) == 7


def test_records_without_a_key_and_empty_ones_arrive_as_they_are(kafka, tmp_path):
    topic = kafka.topic()
    with shipper(tmp_path, kafka.bootstrap) as to:
        to.offer([Record(topic, None, b""), Record(topic, b"", b"\xff\x00"), Record(topic, b"\xfe", b"x")])
        to.offer_values(topic, [b"1", b"2"])
        assert to.close(PATIENCE).complete
    assert [(record.key, record.value) for record in kafka.records(topic)] == [
        (None, b""), (b"", b"\xff\x00"), (b"\xfe", b"x"), (None, b"1"), (None, b"2"),
    ]  # fmt: skip


def test_several_topics_at_once(kafka, tmp_path):
    topics = [kafka.topic() for _ in range(3)]
    with shipper(tmp_path, kafka.bootstrap) as to:
        to.offer([Record(topics[number % 3], b"k", b"%d" % number) for number in range(300)])
        assert to.close(PATIENCE).complete
    for index, topic in enumerate(topics):
        assert [int(record.value) for record in kafka.records(topic)] == list(range(index, 300, 3))


def test_while_no_broker_is_there_records_wait_on_the_disk_and_the_next_process_sends_them(kafka, tmp_path):
    topic = kafka.topic()
    said: list[str] = []
    to = shipper(tmp_path, nowhere(), said=said)
    for number in range(10):
        to.offer([Record(topic, b"k", b"%d" % number)])
    assert to.settle(0)
    assert to.counts.spooled == 10
    ending = to.close(0)
    assert (ending.left, ending.lost, ending.complete) == (10, 0, False)
    assert str(ending) == "0 acknowledged, 10 left in the spool"
    with shipper(tmp_path, kafka.bootstrap) as to:
        assert to.next_number == 11
        to.offer([Record(topic, b"k", b"10")])
        assert to.close(PATIENCE).complete
    assert [int(record.value) for record in kafka.records(topic)] == list(range(11))


def test_a_broker_that_is_away_is_one_line_and_one_more_when_it_is_back(own_kafka, tmp_path):
    kafka = own_kafka()
    topic = kafka.topic(partitions=3)
    said: list[str] = []
    with shipper(tmp_path, kafka.bootstrap, said=said, write_after=None) as to:
        to.offer([Record(topic, b"%d" % (number % 5), b"%d" % number) for number in range(100)])
        assert to.settle(PATIENCE)
        assert to.counts.spooled == 0
        kafka.kill()
        for number in range(100, 2000):
            to.offer([Record(topic, b"%d" % (number % 5), b"%d" % number)])
        assert to.settle(0)
        wait_until(lambda: to.counts.away_since is not None)
        assert to.counts.away_since is not None
        assert abs(to.counts.away_since - time.time()) < PATIENCE
        assert to.counts.trouble
        time.sleep(2)  # librdkafka reports errors all the time
        assert len(said) == 1
        assert "Kafka takes no records: " in said[0]
        kafka.restart()
        assert to.settle(PATIENCE)
        wait_until(lambda: to.counts.acknowledged == 2000)
        wait_until(lambda: len(said) == 2)
        assert "Kafka takes records again after " in said[1]
        assert to.counts.away_since is None
        assert to.close(PATIENCE).complete
    assert len(said) == 2
    found = by_key(kafka.records(topic))
    assert all(numbers == sorted(set(numbers)) for numbers in found.values())  # idempotent: not one came twice
    assert sum(map(len, found.values())) == 2000


def test_what_a_broker_refuses_for_good_is_a_dead_letter_and_holds_up_nothing(kafka, tmp_path):
    topic = kafka.topic(max_message_bytes=2000)
    said: list[str] = []
    with shipper(tmp_path, kafka.bootstrap, ("linger.ms", "0"), ("batch.num.messages", "1"), said=said) as to:
        to.offer([Record(topic, b"k", b"before"), Record(topic, b"\xff", os.urandom(3000)), Record(topic, b"k", b"after")])
        to.offer([Record("no such topic!", None, b"lost?")])
        to.offer([Record(topic, b"k", b"x" * 2_000_000), Record(topic, b"k", b"behind what librdkafka itself refuses")])
        assert to.settle(PATIENCE)
        wait_until(lambda: to.counts.dead == 3)
        ending = to.close(PATIENCE)
    assert (ending.acknowledged, ending.dead, ending.left, ending.counts.repeated) == (3, 3, 0, 0)
    assert [record.value for record in kafka.records(topic)] == [b"before", b"after", b"behind what librdkafka itself refuses"]
    letters = [json.loads(line) for line in (tmp_path / "dead-letters").read_text().splitlines()]
    assert {letter["error"] for letter in letters} == {"MSG_SIZE_TOO_LARGE", "TOPIC_EXCEPTION"}
    refused = next(letter for letter in letters if letter["topic"] == "no such topic!")
    assert (refused["key"], refused["value"]) == (None, "lost?")
    assert any("key_base64" in letter and "value_base64" in letter for letter in letters)
    assert (tmp_path / "dead-letters").stat().st_mode & 0o777 == 0o600
    assert "refused for good" in said[0]


def test_a_record_that_a_broker_refuses_takes_no_neighbours_along(kafka, tmp_path):
    said: list[str] = []
    too_large, without_key = os.urandom(3000), b"a compacted topic takes none without a key"
    small, compacted = kafka.topic(max_message_bytes=2000), kafka.topic(cleanup_policy="compact")
    bad = {100: Record(small, b"key-2", too_large), 700: Record(compacted, None, without_key)}
    offered = [
        bad.get(number, Record(small if number < 500 else compacted, b"key-%d" % (number % 7), b"%d" % number))
        for number in range(1000)
    ]
    with shipper(tmp_path, kafka.bootstrap, said=said) as to:
        to.offer(offered)
        wait_until(lambda: to.counts.acknowledged + to.counts.dead == 1000)
        ending = to.close(PATIENCE)
    assert (ending.acknowledged, ending.dead, ending.counts.repeated) == (998, 2, 0)
    for topic in (small, compacted):
        wanted = [record.value for number, record in enumerate(offered) if record.topic == topic and number not in bad]
        assert [record.value for record in kafka.records(topic)] == wanted
    letters = [json.loads(line) for line in (tmp_path / "dead-letters").read_text().splitlines()]
    assert {letter["error"] for letter in letters} == {"MSG_SIZE_TOO_LARGE", "INVALID_RECORD"}
    assert any("refused together, delivered one at a time: 998 records" in line for line in said)


def test_held_records_are_sent_once_they_are_released(kafka, tmp_path):
    topic = kafka.topic()
    with shipper(tmp_path, kafka.bootstrap, hold=True, committed=0) as to:
        first = to.offer([Record(topic, b"k", b"1")])
        to.offer([Record(topic, b"k", b"2")])
        assert to.settle(PATIENCE)  # on the disk at once: no broker will acknowledge what it is not told
        to.release(first)
        wait_until(lambda: to.counts.acknowledged == 1)
        assert to.close(PATIENCE).left == 1
    assert [record.value for record in kafka.records(topic)] == [b"1"]
    with shipper(tmp_path, kafka.bootstrap, hold=True, committed=first) as to:
        assert to.next_number == 2
        to.release(to.offer([Record(topic, b"k", b"2 again")]))
        assert to.close(PATIENCE).complete
    assert [record.value for record in kafka.records(topic)] == [b"1", b"2 again"]


def test_a_forked_child_has_a_producer_and_a_spool_of_its_own(kafka, tmp_path):
    topic = kafka.topic()
    with shipper(tmp_path, kafka.bootstrap) as to:
        to.offer([Record(topic, b"parent", b"1")])
        assert to.settle(PATIENCE)
        child = os.fork()
        if not child:
            status = 1
            try:
                to.offer([Record(topic, b"child", b"2")])
                ending = to.close(PATIENCE)
                status = 7 if ending.complete and ending.acknowledged == 1 else 2
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        to.offer([Record(topic, b"parent", b"3")])
        assert to.close(PATIENCE).complete
    assert sorted(record.value for record in kafka.records(topic)) == [b"1", b"2", b"3"]


def test_what_a_dead_child_left_is_sent_by_the_next_process(kafka, tmp_path):
    topic = kafka.topic()
    to = shipper(tmp_path, nowhere())
    child = os.fork()
    if not child:
        try:
            to.offer([Record(topic, b"child", b"%d" % number) for number in range(50)])
            to.settle(0)
        finally:
            os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    to.close(0)
    with shipper(tmp_path, kafka.bootstrap) as to:
        assert to.close(PATIENCE).complete
    assert [int(record.value) for record in kafka.records(topic)] == list(range(50))
    assert not list((tmp_path / "forks").iterdir())


def test_a_child_that_offers_nothing_leaves_its_parent_alone(kafka, tmp_path):
    topic = kafka.topic()
    with shipper(tmp_path, kafka.bootstrap) as to:
        child = os.fork()
        if not child:
            to.close(0)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        to.offer([Record(topic, b"k", b"1")])
        assert to.close(PATIENCE).complete
    assert len(kafka.records(topic)) == 1


def test_tls_with_a_private_authority(kafka, tmp_path):
    if not kafka.tls:
        pytest.skip("somebody's own Kafka")
    topic = kafka.topic()
    authority = ("ssl.ca.location", str(kafka.certificates / "authority.pem"))
    with shipper(tmp_path / "a", f"ssl://{kafka.tls}", authority) as to:
        to.offer([Record(topic, b"k", b"by TLS")])
        assert to.close(PATIENCE).complete
    said: list[str] = []
    stranger = ("ssl.ca.location", str(kafka.certificates / "stranger.pem"))
    with shipper(tmp_path / "b", f"ssl://{kafka.tls}", stranger, said=said) as to:
        to.offer([Record(topic, b"k", b"never sent")])
        wait_until(lambda: said)
        time.sleep(1.5)
        assert len(said) == 1
        assert "certificate verify failed" in said[0]
        assert "ssl.ca.location" in said[0]
        assert to.close(0).left == 1
    said = []
    with shipper(tmp_path / "c", f"plaintext://{kafka.tls}", said=said) as to:
        to.offer([Record(topic, b"k", b"never sent")])
        wait_until(lambda: said)
        assert "security.protocol" in said[0]
        assert to.close(0).left == 1
    assert [record.value for record in kafka.records(topic)] == [b"by TLS"]


def test_sasl(kafka, tmp_path):
    if not kafka.tls:
        pytest.skip("somebody's own Kafka")
    topic = kafka.topic()
    common = [("ssl.ca.location", str(kafka.certificates / "authority.pem")), ("sasl.mechanisms", "PLAIN")]
    who = [*common, ("sasl.username", kafka.user)]
    with shipper(tmp_path / "a", f"sasl_ssl://{kafka.sasl}", *who, ("sasl.password", kafka.password)) as to:
        to.offer([Record(topic, b"k", b"1")])
        assert to.close(PATIENCE).complete
    said: list[str] = []
    with shipper(tmp_path / "b", f"sasl_ssl://{kafka.sasl}", *who, ("sasl.password", "wrong"), said=said) as to:
        to.offer([Record(topic, b"k", b"2")])
        wait_until(lambda: said)
        time.sleep(2)
        assert len(said) == 1
        assert "uthentication failed" in said[0]
        assert "sasl.password" in said[0]
        assert "wrong" not in said[0]
        assert to.close(0).left == 1
    assert len(kafka.records(topic)) == 1


@pytest.mark.parametrize("bound", [("queue.buffering.max.messages", "10"), ("queue.buffering.max.kbytes", "1")])
def test_a_small_queue_of_librdkafka_is_kept_to_and_loses_nothing(kafka, tmp_path, bound):
    topic = kafka.topic()
    with shipper(tmp_path, kafka.bootstrap, bound, ("linger.ms", "0")) as to:
        for first in range(0, 500, 5):
            to.offer([Record(topic, b"k", b"%0100d" % number) for number in range(first, first + 5)])
        assert to.close(PATIENCE).complete
    assert [int(record.value) for record in kafka.records(topic)] == list(range(500))


def test_a_child_cannot_offer_what_only_its_parent_releases(kafka, tmp_path):
    with shipper(tmp_path, kafka.bootstrap, hold=True) as to:
        child = os.fork()
        if not child:
            try:
                to.offer([Record("t", None, b"1")])
            except StoreError:
                os._exit(7)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_keys_must_be_as_many_as_values(kafka, tmp_path):
    with shipper(tmp_path, kafka.bootstrap) as to, pytest.raises(ValueError, match="1 keys for 2 values"):
        to.offer_values("t", [b"1", b"2"], [b"k"])


def test_a_spool_of_another_process_is_not_touched(kafka, tmp_path):
    with shipper(tmp_path, kafka.bootstrap):
        child = os.fork()
        if not child:
            try:
                shipper(tmp_path, kafka.bootstrap)
            except AlreadyRunning:
                os._exit(7)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
