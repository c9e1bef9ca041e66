"""One worker with a real Kafka: what it says, what it forgets, and what cannot stop it."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest
from confluent_kafka import Producer
from prometheus_client.parser import text_string_to_metric_families

from tests.fleet.workers import COMMAND, read_to_the_end, unique, until, workers
from vigilog.fleet import messages
from vigilog.fleet.messages import Sighted, encoded

CONFIGURATION = """
[state]
directory = "{directory}"

[fleet]
brokers = ["{brokers}"]
group = "{group}"
events = "{group}.events"
alerts = "{group}.alerts"
decisions = "{group}.decisions"
partitions = 1
metrics_listen = "127.0.0.1:{port}"

[[trigger]]
name = "door"
pattern = 'from (?P<address>\\S+)'
scope = "fleet"
count = 3
within = "10m"
actions = ["ban"]
"""


class Fleet:
    """A configuration of a fleet nobody used, and hosts that tell it what they see."""

    def __init__(self, kafka, directory):
        self.kafka, self.group = kafka, unique("worker")
        self.port = 20_000 + hash(self.group) % 10_000
        self.file = directory / "vigilog.toml"
        state = directory / "state"
        self.file.write_text(CONFIGURATION.format(directory=state, brokers=kafka.bootstrap, group=self.group, port=self.port))
        self._number = 0

    def see(self, *addresses, time_=None, timestamp=0):
        """One event of each address, each on another host."""
        producer = Producer({"bootstrap.servers": self.kafka.bootstrap})
        for address in addresses:
            self._number += 1
            now = time_ or time.time()
            event = Sighted(
                "door", (address,), now, now, f"h{self._number}", "log", "line", {"address": address}, "o", self._number
            )
            producer.produce(f"{self.group}.events", encoded(event), address, timestamp=timestamp)
        assert producer.flush(60) == 0

    def throw(self, *messages_):
        """Anything at all, as values and keys."""
        producer = Producer({"bootstrap.servers": self.kafka.bootstrap})
        for value, key in messages_:
            producer.produce(f"{self.group}.events", value, key)
        assert producer.flush(60) == 0

    def counted(self):
        until(lambda: read_to_the_end(self.kafka.bootstrap, self.group, f"{self.group}.events", 1))

    def decided(self):
        return [messages.decision(each.value).target for each in self.kafka.records(f"{self.group}.decisions")]


@pytest.fixture
def fleet(kafka, tmp_path):
    return Fleet(kafka, tmp_path)


def test_a_worker_goes_on_where_the_last_one_stopped_and_tells_how_it_does(fleet):
    with workers(fleet.file) as some:
        worker = some.start().ready()
        topics = fleet.kafka.admin().list_topics().topics
        assert {f"{fleet.group}.{name}" for name in ("events", "alerts", "decisions")} <= topics.keys()
        fleet.throw((b"rubbish", b"192.0.2.1"), (None, b"192.0.2.1"), (b"{}", None), (b"", b""))
        fleet.see("192.0.2.7", "192.0.2.8", "192.0.2.7")
        fleet.counted()
        assert worker.end() == 0
        assert fleet.decided() == []
        some.start().ready()
        fleet.see("192.0.2.7")
        fleet.counted()
        assert fleet.decided() == ["192.0.2.7"]
        status = subprocess.run(
            [*COMMAND, "fleet", "status", "--config", fleet.file, "--format", "json"], capture_output=True, check=True
        )
        told = json.loads(status.stdout)
        assert [each["lag"] for each in told["partitions"]] == [0]
        assert [each["partitions"] for each in told["workers"]] == [[0]]
        assert [each["target"] for each in told["decisions"]] == ["192.0.2.7"]
        assert told["here"][0]["triggers"]["door"]["events"] == 1
        text = subprocess.run([*COMMAND, "fleet", "status", "--config", fleet.file], capture_output=True, text=True, check=True)
        assert "partition 0: 0 wait of 8, read by worker 1" in text.stdout
        assert "ban 192.0.2.7" in text.stdout
        assert metrics(fleet.port)["vigilog_fleet_decisions_total"] == 1


def metrics(port):
    from urllib.request import urlopen

    with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        families = text_string_to_metric_families(answer.read().decode())
        return {sample.name: sample.value for family in families for sample in family.samples}


def test_keys_whose_windows_are_over_leave_the_state(fleet):
    fleet.kafka.topic(1, f"{fleet.group}.events")  # its messages have the time that they are sent with
    begun = time.time() - 3 * 86_400
    with workers(fleet.file) as some:
        some.start().ready()
        fleet.see("192.0.2.1", "192.0.2.2", time_=begun, timestamp=int(begun * 1000))
        fleet.counted()
        later = begun + 86_400
        fleet.see("192.0.2.2", time_=later, timestamp=int(later * 1000))
        fleet.counted()
        fleet.see("192.0.2.3", time_=later + 1, timestamp=int((later + 1) * 1000))
        fleet.counted()
    held = {}
    for record in fleet.kafka.records(f"changelog__{fleet.group}--{fleet.group}.events--default"):
        held[record.key.partition(b"|")[0]] = record.value is not None
    assert {key: there for key, there in held.items() if key.startswith(b"192.")} == {
        b"192.0.2.1": False, b"192.0.2.2": True, b"192.0.2.3": True,
    }  # fmt: skip


def test_without_the_extra_it_is_said_what_to_install(fleet):
    for missing, words in (("rocksdict", ["run"]), ("confluent_kafka", ["status"])):
        code = f"import sys; sys.modules[{missing!r}] = None; from vigilog.cli.main import run; run()"
        command = [sys.executable, "-c", code, "fleet", *words, "--config", fleet.file]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 69
        assert done.stderr.count("\n") == 1
        assert "pip install 'vigilog[fleet]'" in done.stderr


def test_a_worker_with_nothing_to_count_does_not_start(fleet):
    fleet.file.write_text(fleet.file.read_text().replace('scope = "fleet"', ""))
    done = subprocess.run([*COMMAND, "fleet", "run", "--config", fleet.file], capture_output=True, text=True, check=False)
    assert done.returncode == 78
    assert 'write scope = "fleet" into a [[trigger]]' in done.stderr
