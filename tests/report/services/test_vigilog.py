"""Vigilog's own alerts and bans, as its log and as its store have them."""

from __future__ import annotations

import pytest

from tests.report.services.counted import counted, table, unmatched
from vigilog.core.nouns import Alert, Event, Outcome
from vigilog.report.services.vigilog import stored
from vigilog.reporting.own import of_store
from vigilog.reporting.ranges import understood
from vigilog.store.bans import Banned, Lifted, apply
from vigilog.store.database import open_store, transaction
from vigilog.store.outbox import add_alerts, mark_ended

LOG = b"""\
Nov 20 08:30:00 gate vigilog[7]: alert: sshd: 203.0.113.7
Nov 20 08:30:00 gate vigilog[7]: ban: sshd: banned 203.0.113.7 until Fri 20 Nov 08:40:00
Nov 20 08:31:00 gate vigilog[7]: alert: sshd: 203.0.113.8
Nov 20 08:31:00 gate vigilog[7]: ban: sshd: not done: not banned: 203.0.113.8 is on the allow list
Nov 20 08:31:01 gate vigilog[7]: mail: sshd: sent to root
Nov 20 08:32:00 gate vigilog[7]: the configuration was read anew
Nov 20 08:32:00 gate sshd[8]: Failed password for root from 203.0.113.8 port 4 ssh2
"""


def test_what_the_daemon_says_is_counted():
    section = counted("vigilog", LOG)
    assert table(section, "Totals") == {"Alerts": 2, "Bans": 1, "Actions taken": 1, "Actions not taken": 1}
    assert table(section, "Alerts by rule") == {"sshd": 2}
    assert table(section, "Bans") == {("203.0.113.7", "sshd", "until Fri 20 Nov 08:40:00"): 1}
    assert table(section, "Actions not taken") == {("ban", "sshd", "not done: not banned: 203.0.113.8 is on the allow list"): 1}
    assert (section.lines, unmatched(section)) == (6, [])


@pytest.fixture
def store(tmp_path):
    connection = open_store(str(tmp_path / "state"))
    yield connection
    connection.close()


def alert(address, time):
    event = Event(time, time, "auth.log", "sshd", "attack", {"address": address}, b"Failed password")
    return Alert("sshd", (address,), time, (event,), 5)


def test_the_store_says_the_same_of_a_range(store):
    with transaction(store):
        raised = [
            (alert("203.0.113.7", 600.0), ["ban"]),
            (alert("203.0.113.8", 1300.0), []),
            (alert("203.0.113.9", 5000.0), []),
        ]
        (order,) = add_alerts(store, raised, {"ban": 1}, 5000.0)
        mark_ended(store, [Outcome(order, done=True, reason="banned 203.0.113.7")], 601.0)
        apply(store, [Banned("203.0.113.7", "", "sshd", 601.0, 1201.0, 1, "5 times"), Lifted(("203.0.113.7",), 700.0)])
        apply(store, [Banned("203.0.113.9", "", "sshd", 5000.0, 5600.0, 1, "5 times")])
    section = stored(store, [(600.0, 1000.0), (1200.0, 5000.0)])
    assert table(section, "Totals") == {"Alerts": 2, "Bans": 1, "Actions taken": 1}
    assert table(section, "Alerts") == {("sshd", "203.0.113.7"): 1, ("sshd", "203.0.113.8"): 1}
    assert table(section, "Bans") == {("203.0.113.7", "sshd", "for 600 s, lifted before its end"): 1}
    assert table(section, "Actions taken") == {("ban", "sshd", "banned 203.0.113.7"): 1}
    assert {series.title: series.points for series in section.events} == {
        "Alerts": ((600.0, 1), (1200.0, 1)),
        "Bans": ((600.0, 1),),
    }


def test_the_report_asks_the_store_if_there_is_one(store, tmp_path):
    with transaction(store):
        add_alerts(store, [(alert("203.0.113.7", 600.0), [])], {}, 600.0)
    wanted = understood("all", 5000.0)
    section = of_store(wanted, str(tmp_path / "state"))
    assert section is not None
    assert table(section, "Alerts") == {("sshd", "203.0.113.7"): 1}
    assert of_store(wanted, str(tmp_path / "none")) is None
