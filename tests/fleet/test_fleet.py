"""The fleet as a whole, with a real Kafka: what fifty hosts saw together is what one replay of their merged logs finds."""

from __future__ import annotations

import json
import random
import subprocess
import time

import pytest
from confluent_kafka import Producer

from tests.fleet.hosts import merged, shipped
from tests.fleet.workers import COMMAND, read_to_the_end, unique, until, workers
from vigilog.config.choose import Wishes
from vigilog.config.choose_run import choose_run
from vigilog.config.host import look
from vigilog.fleet import messages
from vigilog.ship.record import Record

PARTITIONS = 4
CONFIGURATION = """
[state]
directory = "{directory}"

[ship.kafka.properties]
"session.timeout.ms" = 6000

[fleet]
brokers = ["{brokers}"]
group = "{group}"
events = "{group}.events"
alerts = "{group}.alerts"
decisions = "{group}.decisions"
partitions = 4
grace = "3h"

[ban]
allow = ["203.0.113.1", "203.0.113.2"]

[[trigger]]
rule = "sshd"
name = "guesses"
scope = "fleet"
count = 5
within = "10m"
actions = ["ban"]

[[trigger]]
rule = "sshd"
name = "bursts"
scope = "fleet"
count = 3
within = "1m"
after = "once"

[[trigger]]
name = "users"
scope = "fleet"
program = "sshd"
pattern = 'Invalid user (?P<user>\\S+) from (?P<address>\\S+)'
reset = 'Accepted \\S+ for (?P<user>\\S+) from'
key = "user"
count = 4
within = "5m"
after = "count-anew"
"""


@pytest.fixture
def setup(kafka, tmp_path):
    """A configuration of a fleet nobody used, its file, and its group."""
    group = unique("fleet")
    file = tmp_path / "vigilog.toml"
    file.write_text(CONFIGURATION.format(directory=tmp_path / "state", brokers=kafka.bootstrap, group=group))
    chosen = choose_run(Wishes(config=str(file)), look())
    assert not chosen.errors
    return chosen.settings, file, group


@pytest.fixture
def attacked(sample_data):
    return merged(sample_data / "auth" / "gtkcyber-drillworkshop" / "auth.log", 6000, time.time())


def replayed(file, lines, tmp_path):
    """The alerts of `vigilog replay` over the merged log."""
    log = tmp_path / "merged.log"
    log.write_bytes(b"".join(line.text + b"\n" for line in lines))
    run = subprocess.run([*COMMAND, "replay", "--config", file, "--format", "json", log], capture_output=True, check=True)
    alerts = [json.loads(line) for line in run.stdout.splitlines()]
    return sorted(
        (alert["rule"], tuple(alert["key"]), alert["time"], alert["count"], tuple(sorted(e["line"] for e in alert["events"])))
        for alert in alerts
    )


def raised(kafka, settings):
    """The alerts of the fleet, as whoever reads what was committed sees them."""
    alarms = [messages.alarm(record.value) for record in kafka.records(settings.fleet.alerts)]
    return sorted(
        (alarm.trigger, alarm.key, alarm.time, alarm.count, tuple(sorted(each.line for each in alarm.evidence)))
        for alarm in alarms
    )


def send(kafka, records, *, repeating=0.0):
    """Sends records in their order. Some hosts crash, and send again what they had sent last."""
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "enable.idempotence": True, "linger.ms": 5})
    dice = random.Random(7)
    sent: dict[str, list[Record]] = {}
    for record in records:
        producer.produce(record.topic, record.value, record.key)
        former = sent.setdefault(messages.sighted(record.value).origin, [])
        former.append(record)
        if dice.random() < repeating:
            for each in former[-dice.randrange(1, 20) :]:
                producer.produce(each.topic, each.value, each.key)
        producer.poll(0)
    assert producer.flush(60) == 0


def finished(kafka, settings):
    until(lambda: read_to_the_end(kafka.bootstrap, settings.fleet.group, settings.fleet.events, PARTITIONS))


def test_alerts_over_fifty_hosts_are_those_of_one_replay(kafka, setup, attacked, tmp_path):
    settings, file, _ = setup
    expected = replayed(file, attacked, tmp_path)
    assert len(expected) > 300
    assert {rule for rule, *_ in expected} == {"guesses", "bursts", "users"}
    with workers(file) as fleet:
        worker = fleet.start().ready()
        send(kafka, shipped(attacked, settings, look()), repeating=0.02)
        finished(kafka, settings)
        assert worker.end() == 0
        assert worker.log.endswith("ended\n")
    assert raised(kafka, settings) == expected
    decisions = [messages.decision(record.value) for record in kafka.records(settings.fleet.decisions)]
    banned = {key[0] for rule, key, *_ in expected if rule == "guesses"}
    assert {decision.target for decision in decisions} == banned - {"203.0.113.1", "203.0.113.2"}
    assert {"203.0.113.1", "203.0.113.2"} <= banned
    assert all((decision.until or 0) > time.time() and decision.trigger == "guesses" for decision in decisions)
    assert any(len({each.host for each in decision.evidence}) > 1 for decision in decisions)


def test_no_alert_is_lost_or_doubled_while_workers_die_and_come(kafka, setup, attacked, tmp_path):
    settings, file, _ = setup
    expected = replayed(file, attacked, tmp_path)
    records = list(shipped(attacked, settings, look()))
    quarter = len(records) // 4
    with workers(file) as fleet:
        first, second = fleet.start(), fleet.start()
        first.ready()
        second.ready()
        send(kafka, records[:quarter])
        first.kill()
        send(kafka, records[quarter : 2 * quarter])
        fleet.start().ready()
        second.kill()
        send(kafka, records[2 * quarter : 3 * quarter])
        fleet.start()
        send(kafka, records[3 * quarter :])
        finished(kafka, settings)
    assert raised(kafka, settings) == expected
