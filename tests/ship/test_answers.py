"""What a broker answers decides what becomes of a record: errors of the protocol, given by librdkafka's mock cluster."""

from __future__ import annotations

import json
import os
import time

import pytest

from tests.ship.mock_cluster import mock_cluster
from vigilog.ship.record import Record
from vigilog.ship.settings import Connection, Property, SpoolSettings
from vigilog.ship.shipper import Shipper

PATIENCE = 60.0
MESSAGE_TOO_LARGE, TOPIC_AUTHORIZATION_FAILED, INVALID_RECORD = 10, 29, 87
NOT_LEADER, OUT_OF_ORDER, OLD_EPOCH, THROTTLED, CLUSTER_AUTHORIZATION_FAILED = 6, 45, 47, 89, 31


@pytest.fixture(scope="module")
def cluster():
    with mock_cluster() as it:
        yield it


@pytest.fixture
def said():
    return []


@pytest.fixture
def shipper(cluster, tmp_path, said):
    with Shipper(Connection([cluster.bootstrap]), SpoolSettings(str(tmp_path)), say=said.append) as it:
        yield it


def done(shipper):
    end = time.monotonic() + PATIENCE
    while shipper.counts.waiting:
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
    return shipper.counts


def offered(shipper, topic, count=10):
    shipper.offer([Record(topic, b"k", b"%d" % number) for number in range(count)])


@pytest.mark.parametrize("error", [MESSAGE_TOO_LARGE, TOPIC_AUTHORIZATION_FAILED, INVALID_RECORD])
def test_an_answer_about_the_record_or_its_topic_is_for_good(cluster, shipper, said, tmp_path, error):
    topic = f"refused-{error}"
    offered(shipper, topic, 1)
    assert done(shipper).acknowledged == 1
    cluster.answer(*[error] * (1 if error == TOPIC_AUTHORIZATION_FAILED else 11))
    offered(shipper, topic)
    counts = done(shipper)
    assert (counts.acknowledged, counts.dead, counts.repeated) == (1, 10, 0)
    letters = [json.loads(line) for line in (tmp_path / "dead-letters").read_text().splitlines()]
    assert [letter["value"] for letter in letters] == [str(number) for number in range(10)]
    assert len(said) == 1
    assert letters[0]["reason"] in said[0]


@pytest.mark.parametrize("error", [MESSAGE_TOO_LARGE, INVALID_RECORD])
def test_what_is_refused_in_company_is_sent_alone_before_it_is_a_dead_letter(cluster, shipper, said, tmp_path, error):
    topic = f"company-{error}"
    offered(shipper, topic, 1)
    done(shipper)
    cluster.answer(error, 0, 0, 0, error)
    offered(shipper, topic)
    counts = done(shipper)
    assert (counts.acknowledged, counts.dead, counts.repeated) == (10, 1, 0)
    letters = [json.loads(line) for line in (tmp_path / "dead-letters").read_text().splitlines()]
    assert [letter["value"] for letter in letters] == ["3"]
    assert [line.partition(":")[0] for line in said] == ["refused for good", "refused together, delivered one at a time"]


def test_a_producer_that_gives_up_while_it_sends_alone_sends_that_again(cluster, shipper):
    offered(shipper, "alone", 1)
    done(shipper)
    cluster.answer(MESSAGE_TOO_LARGE, 0, 0, CLUSTER_AUTHORIZATION_FAILED)
    offered(shipper, "alone")
    counts = done(shipper)
    assert (counts.acknowledged, counts.dead, counts.repeated) == (11, 0, 10)


@pytest.mark.parametrize("error", [OLD_EPOCH, THROTTLED, CLUSTER_AUTHORIZATION_FAILED])
def test_after_any_other_error_all_is_sent_again(cluster, shipper, tmp_path, error):
    topic = f"again-{error}"
    offered(shipper, topic, 1)
    done(shipper)
    cluster.answer(error)
    offered(shipper, topic)
    counts = done(shipper)
    assert (counts.acknowledged, counts.dead) == (11, 0)
    assert counts.repeated == 10
    assert not (tmp_path / "dead-letters").read_bytes()


def test_what_librdkafka_tries_again_by_itself_is_not_counted_as_repeated(cluster, shipper):
    offered(shipper, "retried", 1)
    done(shipper)
    cluster.answer(NOT_LEADER, NOT_LEADER)
    offered(shipper, "retried")
    counts = done(shipper)
    assert (counts.acknowledged, counts.repeated) == (11, 0)


def test_a_producer_that_gave_up_is_replaced_and_everything_is_sent_again(cluster, shipper, said):
    offered(shipper, "fatal", 1)
    done(shipper)
    cluster.answer(OUT_OF_ORDER)
    offered(shipper, "fatal")
    counts = done(shipper)
    assert (counts.acknowledged, counts.dead, counts.repeated) == (11, 0, 10)
    assert any("the producer gave up" in line for line in said)
    offered(shipper, "fatal")
    assert done(shipper).acknowledged == 21


def test_an_error_that_stays_is_one_line(cluster, shipper, said):
    offered(shipper, "stays", 1)
    done(shipper)
    cluster.answer(*[OLD_EPOCH] * 4)
    offered(shipper, "stays")
    counts = done(shipper)
    assert counts.acknowledged == 11
    assert [line for line in said if "takes no records" in line] == said[:1]
    assert "old epoch" in said[0]
    assert "takes records again" in said[-1]
    assert counts.away_since is None


def test_dead_letters_that_cannot_be_written_wait(cluster, shipper, said, monkeypatch):
    offered(shipper, "full", 1)
    done(shipper)

    file = shipper._parts.dead_letters._descriptor
    real = os.write

    def refusing(descriptor, data):
        if descriptor == file:
            raise OSError(28, "No space left on device")
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", refusing)
    cluster.answer(*[INVALID_RECORD] * 11)
    offered(shipper, "full")
    end = time.monotonic() + PATIENCE
    while not said:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert "dead-letters cannot be written: No space left on device" in said[0]
    assert shipper.counts.dead == 0
    monkeypatch.undo()
    assert done(shipper).dead == 10


def test_a_record_that_timed_out_by_a_property_is_sent_again(cluster, tmp_path):
    properties = [Property("message.timeout.ms", "300"), Property("reconnect.backoff.max.ms", "200")]
    with Shipper(Connection([cluster.bootstrap], properties), SpoolSettings(str(tmp_path)), say=print) as shipper:
        offered(shipper, "timeout", 1)
        done(shipper)
        cluster.go()
        offered(shipper, "timeout")
        end = time.monotonic() + PATIENCE
        while not shipper.counts.repeated:
            assert time.monotonic() < end
            time.sleep(0.02)
        cluster.come()
        counts = done(shipper)
        assert (counts.acknowledged, counts.dead) == (11, 0)
