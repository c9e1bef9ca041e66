"""`vigilog run` ships, as a process of its own: killed at any moment, without its brokers, reloaded, as a trial."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict

import pytest

from tests.run.test_run_killed import SOURCE, daemon, wait_for  # noqa: F401
from vigilog.run.control import ask

NOBODY = "127.0.0.1:1"
"""Nobody listens there."""

LINES = """
[[trigger]]
name = "numbers"
pattern = "number %d of %d end"
language = "scanf"
fields = ["n", "key"]
key = ["key"]
scope = "fleet"

[[ship.stream]]
what = "lines"
topic = "{lines}"

[[ship.stream]]
what = "events"
topic = "{events}"
key = "n"

[fleet]
events = "{fleet}"
"""


class Writing:
    """Writes lines to a log from another thread, until it is over."""

    def __init__(self, path):
        self.path, self.written, self.over = path, 0, threading.Event()
        self.thread = threading.Thread(target=self._write)

    def _write(self):
        with open(self.path, "a") as log:
            while not self.over.is_set():
                for _ in range(random.randrange(1, 60)):
                    log.write(f"number {self.written} of {self.written % 7} end\n")
                    self.written += 1
                log.flush()
                time.sleep(0.01)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def ship(to="kafka", brokers=NOBODY, more=""):
    return f'[ship]\nto = "{to}"\nbrokers = ["{brokers}"]\n{more}\n'


def number(record):
    return int(record["Body"].split()[1])


def sighting(record):
    return json.loads(record.value)


def has_arrived(one):
    """Whether the daemon has read all lines, and everything that it shipped was acknowledged."""
    status = ask(one.control, "status")
    return not status["sources"][0]["behind"] and status["ship"]["waiting"] == 0


@pytest.mark.peer
def test_killed_at_any_moment_every_line_is_on_the_topic_and_every_sighting_is_one(daemon, tmp_path, kafka):  # noqa: F811
    names = {name: kafka.topic(partitions=3) for name in ("lines", "events", "fleet")}
    text = LINES
    for name, topic in names.items():
        text = text.replace(f"{{{name}}}", topic)
    one = daemon(ship(brokers=kafka.bootstrap) + text)
    one.start()
    assert wait_for(one.is_up)
    with Writing(tmp_path / "log") as writing:
        for _ in range(6):
            time.sleep(0.2 + random.random() * 0.8)
            one.kill()
            one.start()
    assert wait_for(lambda: one.is_up() and has_arrived(one), 60.0), one.said()
    assert one.kill(signal.SIGTERM) == 0
    everything = set(range(writing.written))
    assert {number(json.loads(each.value)) for each in kafka.records(names["lines"])} == everything
    assert {number(json.loads(each.value)) for each in kafka.records(names["events"])} == everything

    sighted = kafka.records(names["fleet"])
    told = {(value["origin"], value["number"]): value["fields"]["n"] for value in map(sighting, sighted)}
    assert sorted(map(int, told.values())) == sorted(everything), "a line has one number, and a number one line"
    ordered: dict[bytes, list[int]] = defaultdict(list)
    for each in sighted:
        value = json.loads(each.value)
        assert each.key == value["key"][0].encode()
        if int(value["fields"]["n"]) not in ordered[each.key]:
            ordered[each.key].append(int(value["fields"]["n"]))
    assert all(numbers == sorted(numbers) for numbers in ordered.values())
    assert "LOST" not in one.said()


@pytest.mark.peer
@pytest.mark.torture
def test_of_many_lines_none_is_lost_while_daemon_and_broker_are_killed(daemon, tmp_path, own_kafka):  # noqa: F811
    """So many that other processes help to look at them."""
    kafka = own_kafka()
    text = LINES
    for name in ("lines", "events", "fleet"):
        text = text.replace(f"{{{name}}}", kafka.topic(partitions=2, name=name))
    one = daemon(ship(brokers=kafka.bootstrap) + text)
    one.start()
    assert wait_for(one.is_up)
    written = 0
    for turn in range(8):
        with open(tmp_path / "log", "a") as log:
            log.write("".join(f"number {n} of {n % 7} end\n" for n in range(written, written + 100_000)))
        written += 100_000
        time.sleep(random.random())
        if turn % 2:
            kafka.kill()
        one.kill()
        one.start()
        if turn % 2:
            time.sleep(random.random())
            kafka.restart()
    assert wait_for(lambda: one.is_up() and has_arrived(one), 300.0), one.said()
    assert one.kill(signal.SIGTERM) == 0
    everything = set(range(written))
    assert {number(json.loads(each.value)) for each in kafka.records("lines")} == everything
    told = {(value["origin"], value["number"]): int(value["fields"]["n"]) for value in map(sighting, kafka.records("fleet"))}
    assert sorted(told.values()) == sorted(everything)


@pytest.mark.peer
def test_what_waits_for_its_brokers_is_sent_by_a_later_start_each_once(daemon, tmp_path, kafka):  # noqa: F811
    topic = kafka.topic()
    stream = f'[[ship.stream]]\nwhat = "lines"\ntopic = "{topic}"\n'
    one = daemon(ship(more="flush_time = 0") + stream)
    one.start()
    assert wait_for(one.is_up)
    with Writing(tmp_path / "log") as writing:
        assert wait_for(lambda: ask(one.control, "status")["ship"]["spooled"] > 1000)
        one.kill()
        one.start()
        assert wait_for(one.is_up)
    assert wait_for(lambda: ask(one.control, "status")["ship"]["spooled"] == writing.written)
    assert wait_for(lambda: ask(one.control, "status")["ship"]["away_since"])
    assert one.kill(signal.SIGTERM) == 0
    assert f"{writing.written} left in the spool" in one.said()
    one.configure(ship(brokers=kafka.bootstrap) + stream)
    one.start()
    assert wait_for(lambda: one.is_up() and ask(one.control, "status")["ship"]["waiting"] == 0)
    assert one.kill(signal.SIGTERM) == 0
    records = kafka.records(topic)
    assert [number(json.loads(each.value)) for each in records] == list(range(writing.written))
    assert {each.key for each in records} == {f"file:{tmp_path}/log".encode()}


@pytest.mark.peer
def test_a_reload_with_other_brokers_takes_along_what_waits_and_what_is_refused_holds_up_nothing(daemon, tmp_path, kafka):  # noqa: F811
    topic = kafka.topic()
    stream = f'[[ship.stream]]\nwhat = "lines"\ntopic = "{topic}"\n'
    one = daemon(ship() + stream)
    one.start()
    assert wait_for(one.is_up)
    with open(tmp_path / "log", "a") as log:
        log.write("number 0 before\n" + "number 1 " + "x" * 1_040_000 + "\nnumber 2 behind it\n")
    assert wait_for(lambda: ask(one.control, "status")["ship"]["offered"] == 3)
    one.configure(ship(brokers=kafka.bootstrap) + stream)
    assert one.process
    one.process.send_signal(signal.SIGHUP)
    assert wait_for(lambda: ask(one.control, "status")["reloads"] == 1)
    assert wait_for(lambda: ask(one.control, "status")["ship"]["waiting"] == 0)
    assert ask(one.control, "status")["ship"]["dead"] == 1
    assert one.kill(signal.SIGTERM) == 0
    assert [number(json.loads(each.value)) for each in kafka.records(topic)] == [0, 2]
    (letter,) = (tmp_path / "state" / "spool" / "dead-letters").read_text().splitlines()
    assert topic in letter
    assert "1 in the dead-letter file" in one.said()


def test_a_file_needs_no_broker_and_has_every_line_after_any_kill(daemon, tmp_path):  # noqa: F811
    one = daemon(ship(f"file:{tmp_path}/out") + '[[ship.stream]]\nwhat = "lines"\n')
    one.start()
    assert wait_for(one.is_up)
    with Writing(tmp_path / "log") as writing:
        for _ in range(4):
            time.sleep(0.2 + random.random() * 0.5)
            one.kill()
            one.start()

    def shipped():
        with open(tmp_path / "out", "rb") as file:
            return [number(json.loads(line)) for line in file if line.endswith(b"}\n")]

    assert wait_for(lambda: one.is_up() and set(shipped()) == set(range(writing.written)))
    assert one.kill(signal.SIGTERM) == 0
    assert os.stat(tmp_path / "out").st_mode & 0o777 == 0o600


def test_bans_are_shipped_whoever_made_them_and_their_end(daemon, tmp_path):  # noqa: F811
    trigger = '[[trigger]]\nname = "x"\npattern = "bad (?P<address>[0-9.]+)"\nactions = ["ban"]\n'
    streams = '[[ship.stream]]\nwhat = "bans"\n[[ship.stream]]\nwhat = "outcomes"\n'
    one = daemon(ship(f"file:{tmp_path}/out") + streams + trigger)
    one.start()
    assert wait_for(one.is_up)
    (tmp_path / "log").write_text("bad 203.0.113.7\n")
    assert wait_for(lambda: len((tmp_path / "out").read_text().splitlines()) == 2)
    ask(one.control, "ban", addresses=["203.0.113.8"])
    ask(one.control, "unban", addresses=["203.0.113.7"])
    records = [json.loads(line) for line in (tmp_path / "out").read_text().splitlines()]
    assert [each["EventName"] for each in records] == ["vigilog.outcome", "vigilog.ban", "vigilog.ban", "vigilog.unban"]
    assert [each["Attributes"].get("source.address") for each in records[1:3]] == ["203.0.113.7", "203.0.113.8"]
    assert records[1]["Attributes"]["vigilog.trigger"] == "x"
    assert records[3]["Attributes"]["vigilog.targets"] == ["203.0.113.7"]
    assert one.kill(signal.SIGTERM) == 0


def test_a_dry_run_ships_nothing(daemon, tmp_path):  # noqa: F811
    stream = '[[ship.stream]]\nwhat = "lines"\n'
    trigger = '[[trigger]]\nname = "x"\npattern = "x"\nlanguage = "literal"\nscope = "fleet"\n'
    one = daemon(ship(f"file:{tmp_path}/out") + stream + trigger)
    one.start("--dry-run")
    assert wait_for(lambda: "watching" in one.said())
    (tmp_path / "log").write_text("x\n")
    time.sleep(0.5)
    assert one.kill(signal.SIGTERM) == 0
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "state" / "spool").exists()


def test_replay_counts_a_trigger_of_the_fleet_as_if_all_were_one_host(tmp_path):
    (tmp_path / "log").write_text("Nov 20 08:30:00 host x: bad 192.0.2.7\n" * 3)
    (tmp_path / "v.toml").write_text(
        ship(f"file:{tmp_path}/out")
        + f'[state]\ndirectory = "{tmp_path}/state"\n[[ship.stream]]\nwhat = "alerts"\n'
        + '[[trigger]]\nname = "x"\npattern = "bad (?P<address>[0-9.]+)"\ncount = 3\nscope = "fleet"\n'
    )
    command = [sys.executable, "-c", "from vigilog.cli.main import run; run()", "replay", "--config", tmp_path / "v.toml"]
    done = subprocess.run(
        [*command, tmp_path / "log"], capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(SOURCE)}
    )
    assert "1 alert" in done.stdout + done.stderr
    assert not (tmp_path / "out").exists()


def test_a_reload_takes_up_streams_and_another_target(daemon, tmp_path):  # noqa: F811
    stream = '[[ship.stream]]\nwhat = "lines"\n'
    trigger = '[[trigger]]\nname = "x"\npattern = "never"\nlanguage = "literal"\n'
    one = daemon(trigger)
    one.start()
    assert wait_for(one.is_up)
    assert ask(one.control, "status")["ship"] is None

    def reload(text):
        before = ask(one.control, "status")["reloads"]
        one.configure(text)
        assert one.process
        one.process.send_signal(signal.SIGHUP)
        assert wait_for(lambda: ask(one.control, "status")["reloads"] == before + 1)

    def lines(name):
        return [json.loads(line)["Body"] for line in (tmp_path / name).read_text().splitlines()]

    def log(line):
        with open(tmp_path / "log", "a") as file:
            file.write(f"{line}\n")

    for name in ("a", "b"):
        reload(ship(f"file:{tmp_path}/{name}") + stream + trigger)
        log(f"for {name}")
        assert wait_for(lambda name=name: (tmp_path / name).exists() and lines(name) == [f"for {name}"])
    one.configure(ship("file:/nowhere/at/all") + stream + trigger)
    assert one.process
    one.process.send_signal(signal.SIGHUP)
    assert wait_for(lambda: "the old configuration stays" in one.said())
    log("for b again")
    assert wait_for(lambda: lines("b") == ["for b", "for b again"])
    reload(trigger)
    log("for nobody")
    assert wait_for(lambda: ask(one.control, "status")["sources"][0]["lines"] == 4)
    assert ask(one.control, "status")["ship"] is None
    assert one.kill(signal.SIGTERM) == 0
    assert lines("b") == ["for b", "for b again"]
