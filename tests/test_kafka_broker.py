"""The broker that other tests rely on: it keeps what it acknowledged, knows certificates, and is gone afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient

from tests.kafka_broker import SCRIPT, Kafka

pytestmark = pytest.mark.peer


def sent(bootstrap: str, topic: str, *values: bytes) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "log_level": 0, "acks": "all"})
    for value in values:
        producer.produce(topic, value, b"key")
    assert producer.flush(30) == 0


def brokers_of(properties: dict[str, str], seconds: float = 10) -> int:
    return len(AdminClient({"log_level": 0, **properties}).list_topics(timeout=seconds).brokers)


def test_what_was_acknowledged_survives_kill_9(own_kafka):
    cluster: Kafka = own_kafka()
    topic = cluster.topic()
    sent(cluster.bootstrap, topic, b"before")
    cluster.kill()
    with pytest.raises(KafkaException):
        brokers_of({"bootstrap.servers": cluster.bootstrap}, 0.5)
    cluster.restart()
    sent(cluster.bootstrap, topic, b"after")
    assert [(record.key, record.value) for record in cluster.records(topic)] == [(b"key", b"before"), (b"key", b"after")]


@pytest.mark.torture
def test_three_brokers_serve_while_one_is_away(own_kafka):
    cluster: Kafka = own_kafka(brokers=3)
    topic = cluster.topic(partitions=3)
    assert brokers_of({"bootstrap.servers": cluster.bootstrap}) == 3
    cluster.kill(2)
    sent(cluster.bootstrap, topic, b"one", b"two")
    cluster.restart(2)
    assert {record.value for record in cluster.records(topic)} == {b"one", b"two"}


def test_tls_is_by_a_private_authority(kafka):
    if not kafka.tls:
        pytest.skip("somebody's own Kafka")
    trusted = {"security.protocol": "SSL", "ssl.ca.location": str(kafka.certificates / "authority.pem")}
    login = {"security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN", "sasl.username": kafka.user}
    assert brokers_of({"bootstrap.servers": kafka.tls, **trusted}) == 1
    assert brokers_of({"bootstrap.servers": kafka.sasl, **trusted, **login, "sasl.password": kafka.password}) == 1
    for wrong in (
        {**trusted, "bootstrap.servers": kafka.tls, "ssl.ca.location": str(kafka.certificates / "stranger.pem")},
        {"bootstrap.servers": kafka.sasl, **trusted, **login, "sasl.password": "guessed"},
    ):
        with pytest.raises(KafkaException):
            brokers_of(wrong, 1)


def test_brokers_end_with_who_started_them(tmp_path, kafka):
    """Whoever holds the other end of their standard input may be killed: no broker stays behind."""
    command = [sys.executable, SCRIPT, "start", tmp_path / "cluster", "--hold"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline()
        broker = int((tmp_path / "cluster" / "1" / "pid").read_text())
        assert Path(f"/proc/{broker}").exists()
        process.stdin.close()
        assert process.wait(30) == 0
    limit = time.monotonic() + 30
    while time.monotonic() < limit and Path(f"/proc/{broker}").exists():
        time.sleep(0.02)
    with pytest.raises(ProcessLookupError):
        os.kill(broker, 0)
