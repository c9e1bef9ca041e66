"""`vigilog run` watches topics in Kafka: killed, in company, and beside its own dry run; with a real broker."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from tests.run.test_run_killed import EACH, SOURCE, Process, daemon, wait_for  # noqa: F401  a fixture
from vigilog.config.kafka_sources import named
from vigilog.run.control import ask

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
    member = named(os.uname().nodename, f"{tmp_path}/state")
    assert committed(kafka, topic, f"vigilog-run.{member}", 3) == written


def vigilog(*arguments, config, status=0):
    """The installed command's output, on both."""
    command = [sys.executable, "-c", "from vigilog.cli.main import run; run()", *arguments, "--config", config]
    done = subprocess.run(
        command, check=False, env={**os.environ, "PYTHONPATH": str(SOURCE)}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == status, (done.stdout, done.stderr)
    return done.stdout + done.stderr


GUESSES = [
    f"Nov 20 08:30:{second:02d} gate sshd[{4000 + second}]: Failed password for root from 198.51.100.7 port 4{second:04d} ssh2"
    for second in range(20)
]


@pytest.mark.parametrize(("schema", "field"), [("otel", "Body"), ("ecs", "message")])
def test_lines_that_another_host_shipped_are_judged_by_the_shipped_rules(daemon, kafka, tmp_path, schema, field):  # noqa: F811
    topic = kafka.topic()
    trigger = '[[trigger]]\nrule = "sshd"\nactions = ["null"]\n'
    one = daemon(trigger, configuration(kafka, topic, options=f"?field={field}"))
    one.start()
    assert begun(one), one.said()
    log = tmp_path / "auth.log"
    log.write_text("".join(f"{line}\n" for line in GUESSES))
    broker = ("--broker", kafka.bootstrap)
    vigilog("ship", str(log), "--to", "kafka", "--topic", topic, *broker, "--schema", schema, config=str(one.configuration))
    assert wait_for(lambda: alerts(one).get("sshd", 0) > 0), one.said()
    assert "alert: sshd: 198.51.100.7" in one.said()
    source = f"kafka:{topic}?field={field}"
    found = vigilog("replay", source, "--rule", "sshd", config=str(one.configuration))
    assert "198.51.100.7" in found
    assert "20 lines" in found


def test_a_check_reports_each_record_once(daemon, kafka, tmp_path):  # noqa: F811
    topic = kafka.topic(partitions=2)
    config = daemon("", configuration(kafka, topic)).configuration
    (tmp_path / "rules").mkdir()
    check = ("check", "-r", f"{tmp_path}/rules", "-o", f"kafka:{topic}")
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "log_level": 0})
    producer.produce(topic, "Nov 20 08:30:00 gate app[7]: something never seen before")
    assert producer.flush(30) == 0
    assert "something never seen before" in vigilog(*check, config=str(config))
    producer.produce(topic, "Nov 20 08:31:00 gate app[7]: something else")
    assert producer.flush(30) == 0
    found = vigilog(*check, config=str(config))
    assert "something else" in found
    assert "never seen before" not in found


def test_a_dry_run_beside_the_daemon_takes_nothing_from_it(daemon, kafka, tmp_path):  # noqa: F811
    topic = kafka.topic()
    one = daemon(EACH.replace("{directory}", str(tmp_path)), configuration(kafka, topic, group=f"shared-{topic}"))
    one.start()
    assert begun(one)
    running = one.process
    one.start("--dry-run")
    dry, one.process = one.process, running
    try:
        assert wait_for(lambda: "dry run: watching" in one.said())
        producer = Producer({"bootstrap.servers": kafka.bootstrap, "log_level": 0})
        for number in range(100):
            producer.produce(topic, f"number {number} end")
        assert producer.flush(30) == 0
        assert wait_for(lambda: alerts(one) == {"each": 100, "fives": 20}), one.said()
    finally:
        dry.kill()
        dry.wait(30)
    assert one.kill(signal.SIGTERM) == 0
    assert committed(kafka, topic, f"shared-{topic}", 1) == 100


def test_a_reload_adds_a_topic_and_keeps_the_others(daemon, kafka, tmp_path):  # noqa: F811
    first, second = kafka.topic(), kafka.topic()
    triggers = EACH.replace("{directory}", str(tmp_path))
    one = daemon(triggers, configuration(kafka, first))
    one.start()
    assert begun(one)
    both = configuration(kafka, first).replace(f'"kafka:{first}"', f'"kafka:{first}", "kafka:{second}"')
    one.configure(triggers, both)
    assert ask(one.control, "reload")["ok"]
    query = "SELECT count(*) FROM positions WHERE CAST(source AS TEXT) LIKE 'kafka:%'"
    assert wait_for(lambda: one.rows(query)[0][0] == 2)
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "log_level": 0})
    for number in range(10):
        producer.produce(first if number % 2 else second, f"number {number} end")
    assert producer.flush(30) == 0
    assert wait_for(lambda: alerts(one) == {"each": 10, "fives": 2}), one.said()


def test_two_hosts_in_one_group_count_each_record_once(kafka, tmp_path):
    """The second comes while records do, and is stopped again."""
    topic = kafka.topic(partitions=4)
    quick = '[watch.kafka_properties]\n"session.timeout.ms" = 2000\n"heartbeat.interval.ms" = 300\n'
    hosts = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        triggers = EACH.replace("{directory}", str(tmp_path / name))
        hosts.append(Process(tmp_path / name, triggers, configuration(kafka, topic, group=f"shared-{topic}") + quick))
    first, second = hosts
    written = 0

    def write(count):
        nonlocal written
        producer = Producer({"bootstrap.servers": kafka.bootstrap, "log_level": 0})
        for _ in range(count):
            producer.produce(topic, f"number {written} end", partition=written % 4)
            written += 1
        assert producer.flush(30) == 0

    def each_writing(one, least):
        write(20)
        return alerts(one).get("each", 0) >= least

    try:
        first.start()
        assert begun(first)
        assert wait_for(lambda: each_writing(first, 100)), first.said()
        second.start()
        assert begun(second)
        assert wait_for(lambda: each_writing(second, 100)), second.said()
        assert second.kill(signal.SIGTERM) == 0
        before = alerts(first)["each"]
        assert wait_for(lambda: each_writing(first, before + 100)), first.said()
        assert wait_for(lambda: alerts(first)["each"] + alerts(second)["each"] == written), (alerts(first), alerts(second))
    finally:
        for one in hosts:
            if one.process and one.process.poll() is None:
                one.kill()
    counted = [int(number) for one in hosts for number in (one.directory / "out").read_text().split()]
    assert sorted(counted) == list(range(written))
