"""What Vigilog's own store says belongs to the story: alerts, what was done, bans, and who was let in again."""

from __future__ import annotations

import os

import pytest

from tests.investigate.asking import ask
from vigilog.core.nouns import Alert, Event, Outcome
from vigilog.investigate.story import sentences, story
from vigilog.store import bans, outbox
from vigilog.store.bans import Banned
from vigilog.store.database import open_store, transaction

AT = 1795163400.0
LINE = b"2026-11-20T08:30:00+00:00 mx1 sshd[1]: Failed password for root from 203.0.113.7 port 1 ssh2"


@pytest.fixture
def state(tmp_path):
    """A store with an alert, one ban that was carried out, one mail that was not, and one that somebody ended."""
    directory = tmp_path / "state"
    store = open_store(str(directory))
    events = tuple(
        Event(AT, AT, "file:/var/log/gone.log", "sshd", "attack", {"address": "203.0.113.7"}, LINE) for _ in range(5)
    )
    alert = Alert("sshd", ("203.0.113.7",), AT, events, 5)
    with transaction(store):
        orders = outbox.add_alerts(store, [(alert, ("ban", "mail"))], {"ban": 1, "mail": 1}, AT)
        outcomes = [
            Outcome(orders[0], done=True, reason="banned 203.0.113.7"),
            Outcome(orders[1], done=False, reason="no mailer"),
        ]
        outbox.mark_ended(store, outcomes, AT + 1)
        bans.record(store, [Banned("203.0.113.7", "", "sshd", AT + 1, AT + 601, 1, "5 failed logins")])
        bans.record(store, [Banned("192.0.2.1", "", "sshd", AT + 1, AT + 601, 1, "another")])
        bans.lift(store, ["203.0.113.7"], AT + 100)
    store.close()
    return directory


def test_alerts_actions_and_bans_stand_in_the_timeline(state, tmp_path):
    (tmp_path / "empty.log").write_bytes(b"nothing\n")
    answer = ask("203.0.113.7", tmp_path / "empty.log", state=str(state))
    assert sorted(item.kind for item in answer.items) == ["action", "action", "alert", "ban", "line", "unban"]
    assert [item.time for item in answer.items] == sorted(item.time for item in answer.items)
    said = " ".join(sentences(answer, story(answer.items)))
    assert "1 alert" in said
    assert "2 actions taken, 1 of them failed" in said
    assert "203.0.113.7 let in again" in said
    assert "192.0.2.1" not in said


def test_a_line_that_proves_an_alert_is_told_also_if_its_log_is_gone_but_not_twice(state, tmp_path):
    log = tmp_path / "auth.log"
    log.write_bytes(b"nothing\n")
    gone = [item for item in ask("203.0.113.7", log, state=str(state)).items if item.kind == "line"]
    assert [(item.text, item.rule, item.attempts, item.where) for item in gone] == [(LINE, "sshd", 1, None)]
    log.write_bytes(LINE + b"\n")
    there = [item for item in ask("203.0.113.7", log, state=str(state)).items if item.kind == "line"]
    assert [item.where.path for item in there] == [str(log)]


def test_a_ban_of_a_network_is_about_its_addresses_and_the_other_way_round(state, tmp_path):
    log = tmp_path / "empty.log"
    log.write_bytes(b"nothing\n")
    assert {"ban", "alert"} <= {item.kind for item in ask("203.0.113.0/24", log, state=str(state)).items}
    assert not ask("203.0.113.70", log, state=str(state)).items


def test_to_ask_makes_no_store_and_a_foreign_one_is_told(state, tmp_path):
    log = tmp_path / "empty.log"
    log.write_bytes(b"nothing\n")
    ask("203.0.113.7", log, state=str(tmp_path / "none"))
    assert not os.path.exists(tmp_path / "none" / "vigilog.db")
    (tmp_path / "none").mkdir(exist_ok=True)
    (tmp_path / "none" / "vigilog.db").write_bytes(b"no database at all, but long enough to be looked at" * 100)
    answer = ask("203.0.113.7", log, state=str(tmp_path / "none"))
    assert any("vigilog.db" in each for each in answer.left_out)
