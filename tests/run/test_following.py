"""`[fleet] follow = true`: what the fleet decides is done on this host; with a real broker, and the installed command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from confluent_kafka import Producer

from tests.run.test_run_killed import SOURCE, daemon, wait_for  # noqa: F401  a fixture
from vigilog.cli.main import main
from vigilog.fleet import topics
from vigilog.fleet.messages import Decision, encoded, key_of_decision
from vigilog.run.control import ask
from vigilog.watch import kafka_client

pytestmark = pytest.mark.peer

FIREWALL = """#!/bin/sh
echo "$@" >> "$(dirname "$0")/calls"
"""


@pytest.fixture
def host(daemon, kafka, tmp_path):  # noqa: F811
    """A host that follows a fleet of its own, and has a firewall that writes down what it is told."""
    return Host(daemon, kafka, tmp_path)


class Host:
    def __init__(self, daemon, kafka, directory):  # noqa: F811
        self.kafka, self.directory = kafka, directory
        self.topic = kafka.topic(cleanup_policy="compact")
        (directory / "firewall").write_text(FIREWALL)
        (directory / "firewall").chmod(0o755)
        self.one = daemon("")
        self.configure()

    def configure(self, bootstrap="", allow='"192.0.2.0/28"'):
        self.one.configuration.write_text(
            f'[state]\ndirectory = "{self.directory}/state"\n'
            f'[ban]\nbackend = "command"\ncommand = "{self.directory}/firewall"\nallow = [{allow}]\n'
            f'[run]\ncontrol = "{self.directory}/run/control"\nsources = ["{self.directory}/log"]\n'
            f'[fleet]\nfollow = true\nbrokers = ["{bootstrap or self.kafka.bootstrap}"]\n'
            f'decisions = "{self.topic}"\nhost = "gate"\n'
        )

    def start(self):
        self.one.start()
        assert wait_for(self.one.is_up), self.one.said()

    def command(self, *arguments, status=0):
        command = [sys.executable, "-c", "from vigilog.cli.main import run; run()", *arguments]
        done = subprocess.run(
            [*command, "--config", self.one.configuration],
            env={**os.environ, "PYTHONPATH": str(SOURCE), "TZ": "UTC"},
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == status, (done.stdout, done.stderr)
        return done.stdout if status == 0 else done.stderr

    def decide(self, *decisions):
        producer = Producer({"bootstrap.servers": self.kafka.bootstrap, "log_level": 0})
        for each in decisions:
            value = each if isinstance(each, bytes) else encoded(each)
            key = b"x" if isinstance(each, bytes) else key_of_decision(each.target, each.ports)
            producer.produce(self.topic, value, key)
        assert producer.flush(30) == 0

    def bans(self):
        return {each["target"]: each for each in ask(self.one.control, "bans")["bans"]}

    def calls(self):
        file = self.directory / "calls"
        return [line.split() for line in file.read_text().splitlines()] if file.exists() else []


def ban(target, *, lasts=600.0, made=None, **more):
    now = time.time() if made is None else made
    given = {"reason": "8 times in 60 s on 5 hosts", "trigger": "sshd", "by": "worker 1", "ports": (), **more}
    return Decision("ban", target, None if lasts is None else now + lasts, evidence=(), made=now, **given)


def unban(target, made=None):
    return Decision("unban", target, None, "asked for", "", (), "anna@desk", time.time() if made is None else made)


def test_what_is_decided_is_done_through_the_hosts_own_allow_list_and_said(host):
    host.start()
    host.decide(
        ban("198.51.100.7"),
        ban("192.0.2.3"),
        ban("2001:db8:1::/64", lasts=None, ports=("tcp/22",)),
        ban("198.51.100.8", made=time.time() - 1000),
        ban("over there"),
        b"no decision\n",
        ban("198.51.100.9"),
        unban("198.51.100.9"),
    )
    assert wait_for(lambda: "198.51.100.9 was not banned" in host.one.said()), host.one.said()
    found = host.bans()
    assert set(found) == {"198.51.100.7", "2001:db8:1::/64"}
    ours = found["198.51.100.7"]
    assert (ours["rule"], ours["reason"]) == ("fleet sshd", "8 times in 60 s on 5 hosts (by worker 1)")
    assert 590 < ours["until"] - ours["since"] <= 600
    assert found["2001:db8:1::/64"]["port"] == "tcp/22"
    said = host.one.said()
    assert "fleet: banned 198.51.100.7 " in said
    assert "fleet: not banned: 192.0.2.3 is never banned: " in said
    assert "fleet: not banned: 'over there' is not an address" in said
    assert "fleet: a record that is no decision: " in said
    assert "198.51.100.8" not in said
    table = host.command("bans").splitlines()
    assert any(line.startswith("198.51.100.7") and "fleet sshd" in line and "on 5 hosts" in line for line in table)
    host.decide(unban("198.51.100.7"))
    assert wait_for(lambda: set(host.bans()) == {"2001:db8:1::/64"})
    assert ["unban", "198.51.100.7"] in host.calls()


def test_killed_and_started_again_it_goes_on_where_it_was_and_undoes_nothing(host):
    host.decide(ban("198.51.100.1", lasts=3600))
    host.start()  # what was decided before the first start counts
    assert wait_for(lambda: "198.51.100.1" in host.bans())
    host.command("unban", "198.51.100.1")
    host.one.kill()
    host.decide(ban("198.51.100.2", lasts=3600))
    host.start()
    assert wait_for(lambda: "198.51.100.2" in host.bans())
    assert set(host.bans()) == {"198.51.100.2"}
    assert host.one.kill(signal.SIGTERM) == 0
    host.command("unban", "198.51.100.3")
    made = time.time() - 60
    host.decide(ban("198.51.100.3", made=made), ban("198.51.100.4"))
    host.start()
    assert wait_for(lambda: "198.51.100.4" in host.bans())
    assert "fleet: not banned: 198.51.100.3 was let in again after this" in host.one.said()
    assert set(host.bans()) == {"198.51.100.2", "198.51.100.4"}


def test_killed_at_any_moment_every_decision_is_in_force(host):
    host.start()
    for number in range(5):
        host.decide(*(ban(f"198.51.{number}.{each}", lasts=3600) for each in range(1, 40)))
        time.sleep(0.05 * number)
        host.one.kill()
        host.start()
    assert wait_for(lambda: len(host.bans()) == 195), len(host.bans())


def test_it_watches_and_bans_while_the_brokers_are_away(host):
    host.configure(bootstrap="127.0.0.1:1")
    host.start()
    host.command("ban", "198.51.100.1", "--reason", "by the way")
    assert host.bans()["198.51.100.1"]["reason"] == "by the way"
    assert host.one.kill(signal.SIGTERM) == 0


def test_a_decision_by_hand_needs_no_daemon_and_is_followed(host):
    said = host.command("ban", "--fleet", "198.51.100.0/24", "2001:db8::7", "--for", "2h", "--reason", "seen elsewhere")
    assert [line.partition(" until ")[0] for line in said.splitlines()] == [
        "to be banned by the fleet: 198.51.100.0/24",
        "to be banned by the fleet: 2001:db8::7",
    ]
    listed = json.loads(host.command("bans", "--fleet", "--format", "json"))
    assert {each["target"] for each in listed} == {"198.51.100.0/24", "2001:db8::7"}
    assert all(each["reason"] == "seen elsewhere" and each["by"].endswith("@gate") for each in listed)
    assert "seen elsewhere" in host.command("bans", "--fleet")
    host.start()
    assert wait_for(lambda: set(host.bans()) == {"198.51.100.0/24", "2001:db8::/64"})
    host.command("unban", "--fleet", "198.51.100.9")  # in the network, which ends with it
    assert wait_for(lambda: set(host.bans()) == {"2001:db8::/64"})
    assert [each["target"] for each in json.loads(host.command("bans", "--fleet", "--format", "json"))] == ["2001:db8::7"]
    host.command("unban", "--fleet", "--all")
    assert wait_for(lambda: not host.bans())
    assert host.command("bans", "--fleet") == "Nobody is banned by the fleet.\n"
    assert "not an address" in host.command("ban", "--fleet", "everybody", status=78)


@pytest.mark.parametrize(
    "arguments", [("ban", "--fleet", "198.51.100.1"), ("unban", "--fleet", "198.51.100.1"), ("bans", "--fleet")]
)
def test_without_brokers_a_decision_by_hand_is_one_clear_error(tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.setattr(topics, "PATIENCE", 0.5)
    monkeypatch.setattr(kafka_client, "ANSWER", 0.5)
    (tmp_path / "v.toml").write_text('[fleet]\nbrokers = ["127.0.0.1:1"]\n')
    assert main([*arguments, "--config", f"{tmp_path}/v.toml"]) == 1
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith(f"vigilog {arguments[0]}: ")
    assert "127.0.0.1:1" in said or "vigilog-fleet-decisions" in said
