"""`vigilog run` watches topics in Kafka: killed, in company, and beside its own dry run; with a real broker."""

from __future__ import annotations

import os
import random
import signal
import threading
import time

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from tests.run.test_run_killed import EACH, daemon, wait_for  # noqa: F401  a fixture

pytestmark = pytest.mark.peer


def configuration(kafka, topic, group="", options=""):
    shared = f'kafka_group = "{group}"\n' if group else ""
    watch = f'[watch]\nkafka_brokers = ["{kafka.bootstrap}"]\n{shared}'
    return f'sources = ["kafka:{topic}{options}"]\n{watch}'


def alerts(one):
    return dict(one.rows("SELECT rule, count(*) FROM alerts GROUP BY rule"))


def begun(one):
    """It knows where the topic ended when it started: what comes from now on is counted."""
    query = "SELECT count(*) FROM positions WHERE CAST(source AS TEXT) LIKE 'kafka:%'"
    return wait_for(lambda: one.is_up() and one.rows(query)[0][0] == 1)


def committed(kafka, topic, group, partitions):
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": group, "log_level": 0})
    try:
        return sum(each.offset for each in consumer.committed([TopicPartition(topic, each) for each in range(partitions)], 10))
    finally:
        consumer.close()


def test_killed_at_any_moment_every_record_is_one_alert_and_no_count_is_lost(daemon, kafka, tmp_path):  # noqa: F811
    topic = kafka.topic(partitions=3)
    one = daemon(EACH.replace("{directory}", str(tmp_path)), configuration(kafka, topic))
    one.start()
    assert begun(one)
    over, written = threading.Event(), 0

    def write():
        nonlocal written
        producer = Producer({"bootstrap.servers": kafka.bootstrap, "log_level": 0})
        while not over.is_set():
            for _ in range(random.randrange(1, 60)):
                producer.produce(topic, f"number {written} end", key=str(written))
                written += 1
            producer.poll(0)
            time.sleep(0.01)
        assert producer.flush(30) == 0

    writer = threading.Thread(target=write)
    writer.start()
    for _ in range(6):
        time.sleep(random.random() * 0.8)
        one.kill()
        one.start()
    over.set()
    writer.join()
    assert wait_for(
        lambda: one.is_up() and one.rows("SELECT count(*) FROM outbox WHERE status = 'done'")[0][0] == written + written // 5
    ), one.said()
    assert alerts(one) == {"each": written, "fives": written // 5}
    assert set(map(int, (tmp_path / "out").read_text().split())) == set(range(written))
    assert one.kill(signal.SIGTERM) == 0
    assert committed(kafka, topic, f"vigilog-run.{os.uname().nodename}", 3) == written
