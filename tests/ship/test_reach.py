"""One line when Kafka takes nothing, one when it does again, and no false alarm."""

from __future__ import annotations

import pytest

from vigilog.ship.reach import GRACE, SILENCE, Reach

REFUSED = "a:1: Connect failed: Connection refused"


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 1000.0

    monkeypatch.setattr("vigilog.ship.reach.time.monotonic", lambda: Clock.now)
    return Clock


@pytest.fixture
def said():
    return []


@pytest.fixture
def it(clock, said):
    return Reach(said.append, lambda: clock.now)


def test_an_error_is_said_once_it_lasted(it, clock, said):
    it.error("_TRANSPORT", REFUSED)
    it.error("_ALL_BROKERS_DOWN", "1/1 brokers are down")
    it.look()
    assert not said
    clock.now += GRACE
    for _ in range(100):
        it.error("_ALL_BROKERS_DOWN", "1/1 brokers are down")
        it.look()
    assert len(said) == 1
    assert REFUSED in said[0]
    assert (it.away_since, it.reason) == (1000.0, REFUSED)
    clock.now += 11
    it.progress()
    assert said[1:] == ["Kafka takes records again after 12 s"]
    assert (it.away_since, it.reason) == (None, "")


def test_silence_is_said_too(it, clock, said):
    clock.now += SILENCE
    it.look()
    assert len(said) == 1
    assert "nothing was acknowledged for 30 s" in said[0]


def test_brokers_that_went_and_came_back_while_nothing_waited_are_no_news(it, clock, said):
    it.error("_ALL_BROKERS_DOWN", "1/1 brokers are down")
    for _ in range(100):
        clock.now += 10
        it.idle()
    it.look()
    assert not said
    it.progress()
    assert not said


def test_one_broker_of_many_is_no_news_while_others_take_records(it, clock, said):
    for _ in range(100):
        it.error("_TRANSPORT", REFUSED)
        clock.now += 10
        it.look()
        it.progress()
    assert not said


@pytest.mark.parametrize(
    ("kind", "text", "remedy"),
    [
        ("_SSL", "certificate verify failed", "ssl.ca.location"),
        ("_AUTHENTICATION", "SASL authentication error", "sasl.password"),
        ("_RESOLVE", "Failed to resolve 'kafka'", "name"),
        ("_ALL_BROKERS_DOWN", "Disconnected (after 0ms in state APIVERSION_QUERY)", "security.protocol"),
    ],
)
def test_what_to_do_is_said_where_it_is_known(it, clock, said, kind, text, remedy):
    it.error(kind, f"{text}\n")
    clock.now += GRACE
    it.look()
    assert remedy in said[0]
    assert "\n" not in said[0]
