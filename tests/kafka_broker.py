"""A real Apache Kafka for tests: one for a whole test process (`kafka`), and brokers of one's own to be killed (`own_kafka`).

    def test_it(kafka):
        topic = kafka.topic(partitions=2)               # a new one, for this test alone
        ship_to(kafka.bootstrap, topic)
        assert [record.value for record in kafka.records(topic)] == [b"..."]

    def test_it_breaks(own_kafka):
        kafka = own_kafka(brokers=3)                    # about 1 s for one, 2 s for three
        kafka.kill(2)                                   # kill -9
        kafka.restart(2)                                # at its port, with its data

Both listen with TLS, too: `kafka.tls` (brokers), `kafka.sasl`, `kafka.certificates` (packaging/kafka/authority says what is there).

VIGILOG_TEST_BOOTSTRAP (host:port,...) names somebody's own Kafka for `kafka`; that one has no TLS here. Without Java or Maven
tests that ask for a broker are skipped, or fail where CI=true. Brokers end with the process that started them, however it ends.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from tests.conftest import absent

SCRIPT = Path(__file__).resolve().parent.parent / "packaging" / "kafka" / "brokers.py"
PATIENCE = 30.0
_topics = itertools.count(1)


class Kept(NamedTuple):
    """One message as it lies on a topic."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    time: int  # milliseconds
    headers: list[tuple[str, bytes]]


@dataclass(frozen=True)
class Kafka:
    """A cluster: where it listens, and what a test wants of it. Brokers have numbers from 1; 0 is all of them."""

    bootstrap: str
    directory: Path | None = None  # None: somebody's own, which is not killed
    tls: str = ""
    sasl: str = ""
    user: str = ""
    password: str = ""
    certificates: Path = field(default_factory=Path)

    def topic(self, partitions: int = 1, name: str = "", **properties: object) -> str:
        """Makes a topic that nobody used before and gives its name. `properties`: cleanup_policy="compact", ..."""
        name = name or f"test-{os.getpid()}-{next(_topics)}-{os.urandom(3).hex()}"
        config = {key.replace("_", "."): str(value) for key, value in properties.items()}
        admin = self.admin()  # held: what it promised is void once it is gone
        for made in admin.create_topics([NewTopic(name, partitions, config=config)]).values():
            made.result(PATIENCE)
        return name

    def admin(self) -> AdminClient:
        """The administrator's client, for whatever else a test wants to know or change."""
        return AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})

    def records(self, topic: str, *, committed: bool = True) -> list[Kept]:
        """All that is on a topic now, partition by partition, in order. `committed`: without what a transaction took back."""
        consumer = Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": f"test-{os.getpid()}",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 50,
                "isolation.level": "read_committed" if committed else "read_uncommitted",
                "log_level": 0,
            }
        )
        try:
            partitions = consumer.list_topics(topic, timeout=PATIENCE).topics[topic].partitions
            consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
            return _all_of(consumer, len(partitions))
        finally:
            consumer.close()

    def kill(self, number: int = 0) -> None:
        """kill -9. What was acknowledged survives, on disk."""
        self._do("kill", number)

    def stop(self, number: int = 0) -> None:
        """In good order."""
        self._do("stop", number)

    def restart(self, number: int = 0) -> None:
        """Starts again what was killed or stopped; returns when it serves."""
        self._do("restart", number)

    def _do(self, what: str, number: int) -> None:
        assert self.directory, "VIGILOG_TEST_BOOTSTRAP's brokers are left alone: ask for own_kafka"
        subprocess.run([sys.executable, SCRIPT, what, self.directory, str(number)], check=True, timeout=120)


def _all_of(consumer: Consumer, partitions: int) -> list[Kept]:
    """Everything up to the end of each partition."""
    found: list[Kept] = []
    ended: set[int] = set()
    while len(ended) < partitions:
        messages = consumer.consume(10_000, 0.05)  # it waits so long for the last of them
        for message in messages:
            if message.error() is None:
                found.append(
                    Kept(
                        message.partition(), message.offset(), message.key(), message.value(),
                        message.timestamp()[1], message.headers() or [],
                    )
                )  # fmt: skip
            elif message.error().name() == "_PARTITION_EOF":
                ended.add(message.partition())
            else:
                raise AssertionError(message.error())
    return sorted(found)


@contextmanager
def running(
    directory: Path, brokers: int = 1, properties: Mapping[str, object] | None = None, heap: str = "256m"
) -> Iterator[Kafka]:
    """Brokers of one's own, in a directory that is not there yet; they end with the block, or with this process."""
    fetched = subprocess.run([sys.executable, SCRIPT, "fetch"], capture_output=True, text=True, check=False)
    if fetched.returncode:
        absent(f"no Kafka broker: {fetched.stderr.strip()}")
    options = [f"--property={name}={value}" for name, value in (properties or {}).items()]
    process = subprocess.Popen(
        [sys.executable, SCRIPT, "start", directory, "--brokers", str(brokers), "--tls", "--heap", heap, "--hold", *options],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    with process:
        try:
            line = process.stdout.readline()
            assert line, f"Kafka did not start: status {process.wait(60)}"
            known: dict[str, Any] = json.loads(line)
            _wait_until_they_know_each_other(known["bootstrap"].split(","))
            yield Kafka(**{**known, "directory": directory, "certificates": Path(known["certificates"])})
        finally:
            process.stdin.close()
            process.terminate()  # a child that another test forked may hold the other end of what was closed
            process.wait(60)


def _wait_until_they_know_each_other(places: list[str]) -> None:
    """A client that learns of brokers one by one drops requests that are on their way."""
    for place in places:
        while len(AdminClient({"bootstrap.servers": place, "log_level": 0}).list_topics(timeout=PATIENCE).brokers) < len(
            places
        ):
            time.sleep(0.05)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """One broker for all tests of this process: not to be killed. Topics that are not there are made when they are used."""
    if own := os.environ.get("VIGILOG_TEST_BOOTSTRAP"):
        yield Kafka(own)
        return
    with running(tmp_path_factory.mktemp("kafka") / "cluster") as cluster:
        yield cluster


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[Callable[..., Kafka]]:
    """A function that starts brokers of this test's own: own_kafka(brokers=3, properties={"message.max.bytes": 2000})."""
    numbers = itertools.count(1)
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(running(tmp_path / f"kafka-{next(numbers)}", **options))
