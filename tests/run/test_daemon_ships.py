"""The daemon and what it ships, turned by hand: a spool without room, a store that fails, triggers of the fleet."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import ClassVar

import pytest

from tests.run.test_daemon_review import FAILED, Running
from tests.shipping.test_outgoing import Target
from vigilog.core.errors import StoreError
from vigilog.run.answers import status
from vigilog.run.status import answered, understood

SSHD = """
[[trigger]]
name = "sshd"
pattern = 'Failed password for (?P<user>\\S+) from (?P<address>\\S+)'
key = ["address"]
count = 2
actions = ["null"]
"""
FLEET = f'{SSHD}scope = "fleet"\n'
LINES = '[[ship.stream]]\nwhat = "lines"\ntopic = "lines"\n'


class Shipping(Running):
    """A daemon whose spool is in memory; `kept` is what lies there at a start."""

    kept: ClassVar[Sequence[tuple[str, bytes | None, bytes]]] = ()

    def target(self, settings, committed):
        self.spool = Target(self.kept, committed)
        return self.spool

    def values(self, topic):
        return [json.loads(value) for where, _, value in self.spool.kept if where == topic]


@pytest.fixture
def shipping(tmp_path):
    made = []

    def make(text):
        (tmp_path / "log").touch()
        made.append(Shipping(tmp_path, text))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_while_the_spool_is_full_no_source_is_read_and_nobody_spins(shipping):
    one = shipping(SSHD + LINES)
    one.log(FAILED)
    assert one.until(lambda: len(one.spool.kept) == 1)
    one.spool.full = True
    one.log(FAILED, FAILED)
    for _ in range(3):
        one.daemon.turn()
    assert len(one.values("lines")) == 1
    assert not one.wait(0.05), "what cannot be read does not wake it"
    assert one.daemon.timeout() > 0
    assert any("the spool is full" in line for line in one.said)
    one.spool.full = False
    assert one.until(lambda: len(one.values("lines")) == 3)
    assert sum("the spool" in line for line in one.said) == 2


def test_a_store_that_fails_ships_nothing_twice(shipping, monkeypatch):
    one = shipping(SSHD + LINES + '[[ship.stream]]\nwhat = "alerts"\n[[ship.stream]]\nwhat = "outcomes"\n')
    real = type(one.daemon.outgoing)._note
    failing = [True]

    def note(self, settings, number):
        real(self, settings, number)
        if failing[0]:
            raise StoreError("the disk is full")

    monkeypatch.setattr(type(one.daemon.outgoing), "_note", note)
    monkeypatch.setattr("vigilog.run.daemon.PATIENCE", 0.01)
    one.log(FAILED, FAILED, FAILED)
    assert one.until(lambda: any("disk is full" in line for line in one.said))
    for _ in range(5):
        one.wait(0.02)
        one.daemon.turn()
    assert one.spool.sent == 0
    failing[0] = False
    assert one.until(lambda: len(one.values("vigilog-outcomes")) == 2)
    assert [len(one.values(topic)) for topic in ("lines", "vigilog-alerts")] == [3, 2]
    assert one.spool.sent == len(one.spool.kept)


def test_a_trigger_of_the_fleet_raises_no_alert_here_and_stores_no_event(shipping):
    one = shipping(FLEET + LINES)
    one.log(*[FAILED] * 5)
    assert one.until(lambda: len(one.values("lines")) == 5)
    assert [told["trigger"] for told in one.values("vigilog-fleet-events")] == ["sshd"] * 5
    assert one.rows("SELECT COUNT(*) FROM alerts") == [(0,)]
    found = status(one.daemon)
    assert (found.triggers[0].events, found.triggers[0].alerts, found.triggers[0].keys) == (5, 0, 0)
    assert one.rows("SELECT COUNT(*) FROM events") == [(0,)]


FOLLOWED = """
[[trigger]]
name = "f"
program = "sshd"
pattern = 'Failed password for \\S+ from (?P<address>\\S+)'
follow = 'Too many'
scope = "fleet"
"""


def test_what_follows_an_event_is_known_after_a_new_start(shipping):
    one = shipping(FOLLOWED)
    one.log(FAILED)
    assert one.until(lambda: len(one.spool.kept) == 1)
    kept = one.spool.kept
    one.close()
    one.stopped = True
    Shipping.kept = kept
    try:
        again = shipping(FOLLOWED)
    finally:
        Shipping.kept = ()
    again.log("Nov 20 08:30:01 host sshd[7]: Too many authentication failures")
    assert again.until(lambda: len(again.spool.kept) == 2)
    assert [told["key"] for told in again.values("vigilog-fleet-events")] == [["192.0.2.7"]] * 2


def test_the_status_tells_what_is_shipped_and_travels(shipping):
    one = shipping(SSHD + LINES)
    one.log(FAILED)
    assert one.until(lambda: len(one.spool.kept) == 1)
    found = understood(answered(status(one.daemon)))
    assert found.ship
    assert (found.ship.to, found.ship.offered, found.ship.topics) == ("kafka", 1, {"lines": 1})


def test_at_the_end_it_asks_for_the_time_to_wait_for_brokers_and_says_what_became_of_all(shipping, monkeypatch):
    one = shipping(SSHD + LINES + '[ship]\nflush_time = "5m"\n')
    asked: list[float] = []
    monkeypatch.setattr(one.daemon.service, "more_time", asked.append)
    one.close()
    one.stopped = True
    assert asked == [330.0]
    assert one.said[-1].startswith("shipping ended: 0 acknowledged")


def test_lines_go_out_as_they_are_read_where_there_is_no_trigger(shipping):
    one = shipping(LINES)
    one.log("a", "b")
    assert one.until(lambda: len(one.spool.kept) == 2)
    assert [told["Body"] for told in one.values("lines")] == ["a", "b"]
