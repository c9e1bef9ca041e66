"""The process is killed, the brokers are killed: every record is on the topic, in order, and what came twice was counted."""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
import threading
import time
from collections import defaultdict

import pytest

from tests.ship.counting import KEYS

pytestmark = pytest.mark.peer


class Counting:
    """Runs of `tests.ship.counting`, one after the other."""

    def __init__(self, kafka, topic, directory, until, hold):
        directory.mkdir()
        self.command = [sys.executable, "-m", "tests.ship.counting", kafka.bootstrap, topic, str(directory), str(until), hold]
        self.repeated = 0
        self.said: list[str] = []

    def run(self, seconds: float | None) -> bool:
        """Runs it until it is done, or kills it after so many seconds; gives whether it was done."""
        with subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            killer = threading.Timer(seconds or 0, process.kill)
            if seconds is not None:
                killer.start()
            out, said = process.communicate()
            killer.cancel()
        self.said += said.splitlines()
        counted = [int(line.split()[1]) for line in out.splitlines() if line.startswith("repeated")]
        self.repeated += max(counted, default=0)
        assert process.returncode in (0, -9), said
        return process.returncode == 0


def judge(kafka, topic, until, counted):
    """Every number is there; each key's numbers came in order, but for those that came again; these were counted."""
    found = defaultdict(list)
    for record in kafka.records(topic):
        found[record.key].append(int(record.value))
    assert {number for numbers in found.values() for number in numbers} == set(range(until))
    twice = 0
    for numbers in found.values():
        seen: set[int] = set()
        firsts = [number for number in numbers if not (number in seen or seen.add(number))]  # type: ignore[func-returns-value]
        assert firsts == sorted(firsts)
        # What comes again comes as it came first: after a step back each number is followed by the next one of its key.
        assert all(after == before + KEYS or after <= before for before, after in itertools.pairwise(numbers))
        twice += len(numbers) - len(firsts)
    assert twice <= counted
    return twice


@pytest.mark.parametrize("hold", ["hold", "free"])
def test_a_process_that_is_killed_loses_nothing_and_counts_what_comes_twice(kafka, tmp_path, hold):
    until = 150_000 if hold == "hold" else 40_000
    topic = kafka.topic(partitions=3)
    counting = Counting(kafka, topic, tmp_path / "it", until, hold)
    chance = random.Random(5)
    for _ in range(6):
        counting.run(chance.uniform(0.4, 0.9))
    assert counting.run(None)
    judge(kafka, topic, until, counting.repeated)


@pytest.mark.torture
@pytest.mark.timeout(900)
def test_one_of_three_brokers_is_killed_again_and_again(own_kafka, tmp_path):
    until = 300_000
    kafka = own_kafka(brokers=3, properties={"min.insync.replicas": 2})
    topic = kafka.topic(partitions=6)
    counting = Counting(kafka, topic, tmp_path / "it", until, "free")
    chance = random.Random(9)

    def kill_brokers():
        for _ in range(5):
            time.sleep(chance.uniform(0.3, 1.0))
            number = chance.randint(1, 3)
            kafka.kill(number)
            time.sleep(chance.uniform(1.0, 3.0))
            kafka.restart(number)

    killer = threading.Thread(target=kill_brokers)
    killer.start()
    assert counting.run(None)
    killer.join()
    assert judge(kafka, topic, until, counting.repeated) == 0


@pytest.mark.torture
@pytest.mark.timeout(900)
@pytest.mark.parametrize("killed", ["brokers", "brokers and the process"])
@pytest.mark.parametrize("hold", ["hold", "free"])
def test_brokers_are_killed_ten_times(own_kafka, tmp_path, killed, hold):
    until = 600_000
    kafka = own_kafka()
    topic = kafka.topic(partitions=3)
    counting = Counting(kafka, topic, tmp_path / "it", until, hold)
    chance = random.Random(7)
    over = threading.Event()

    def kill_brokers():
        for _ in range(10):
            time.sleep(chance.uniform(0.3, 1.5))
            kafka.kill()
            time.sleep(chance.uniform(0.0, 2.0))
            kafka.restart()
        over.set()

    killer = threading.Thread(target=kill_brokers)
    killer.start()
    if killed != "brokers":
        while not over.is_set():
            counting.run(chance.uniform(0.3, 3.0))
    assert counting.run(None)
    killer.join()
    assert counting.run(None)
    twice = judge(kafka, topic, until, counting.repeated)
    if killed == "brokers":
        assert twice == 0  # idempotent, and nobody forgot anything
        assert len(counting.said) <= 25
