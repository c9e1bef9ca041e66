"""What is kept in memory is what the store has, however it comes: at once, bit by bit, packed together again, or anew."""

from __future__ import annotations

import shutil
import time

import pytest

from tests.web import stored
from vigilog.core.errors import StoreError
from vigilog.core.nouns import Alert
from vigilog.glance.digest import Digest
from vigilog.glance.follower import Follower
from vigilog.glance.subjects import targets
from vigilog.store import events, looks, outbox
from vigilog.store.database import NAME, open_store, transaction


def until(condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def rows(first, last):
    return [
        (number, "web", False, b"198.51.100.%d" % (number % 3), 1_800_000_000.0 + number, 0.0, b"s", b"l%d" % number)
        for number in range(first, last)
    ]


@pytest.fixture
def store(tmp_path):
    made = open_store(str(tmp_path / "state"))
    yield made
    made.close()


@pytest.fixture
def follower(store, tmp_path):
    made = Follower(str(tmp_path / "state"), str(tmp_path / "control"), time.time)
    made.start()
    yield made
    made.stop()


def test_every_event_is_seen_once_although_rows_are_packed_together_again(store, follower):
    for first in range(1, 1000, 37):
        with transaction(store):
            events.add_events(store, rows(first, first + 37))
        if first % 5 == 0:
            with transaction(store):
                events.forget_events(store, set(range(max(1, first - 90), first + 37)))
            time.sleep(0.05)
        until(lambda first=first: follower.digest.last_event >= first + 36)
    assert follower.digest.events_seen == 999
    assert [each.number for each in follower.digest.recent(3)] == [999, 998, 997]
    assert sum(follower.digest.events_of(f"198.51.100.{number}").total for number in range(3)) == 999
    assert follower.digest.events_of("198.51.100.0").numbers[-1] == 999


def test_alerts_that_the_store_forgets_are_forgotten(store, follower):
    raised: list[tuple[Alert, list[str]]] = [
        (stored.alert("sshd", (f"192.0.2.{number}",), 100.0 + number, [b"x"]), []) for number in range(5)
    ]
    for number, each in enumerate(raised):
        with transaction(store):
            outbox.add_alerts(store, [each], {}, 100.0 + number)
    until(lambda: len(follower.digest.alerts()) == 5)
    with transaction(store):
        outbox.forget_alerts(store, 103.0)
    follower.digest.keep_alerts(looks.alert_numbers(store))
    assert [each.key[0] for each in follower.digest.alerts()] == ["192.0.2.4", "192.0.2.3"]
    assert follower.digest.of("192.0.2.0") == []


def test_another_store_in_its_place_is_read_from_its_start(store, follower, tmp_path):
    with transaction(store):
        events.add_events(store, rows(1, 100))
    until(lambda: follower.digest.events_seen == 99)
    store.close()
    for file in (tmp_path / "state").glob(f"{NAME}*"):
        file.unlink()
    with_new = open_store(str(tmp_path / "state"))
    with transaction(with_new):
        events.add_events(with_new, rows(1, 4))
    until(lambda: follower.digest.events_seen == 3)
    with_new.close()


def test_looking_changes_nothing_and_says_what_it_cannot_read(store, tmp_path):
    with looks.looking(str(tmp_path / "state")) as connection, pytest.raises(Exception, match="readonly"):
        connection.execute("DELETE FROM events")
    with pytest.raises(StoreError, match="there is no store yet"), looks.looking(str(tmp_path / "none")):
        pass
    assert not (tmp_path / "none").exists()
    store.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="a store of version 99"), looks.looking(str(tmp_path / "state")):
        pass


def test_a_store_whose_daemon_has_ended_can_be_looked_at(store, tmp_path):
    with transaction(store):
        events.add_events(store, rows(1, 4))
    store.close()
    assert [each.name for each in (tmp_path / "state").iterdir() if "-wal" in each.name] == []
    with looks.looking(str(tmp_path / "state")) as connection:
        assert len(looks.counted_after(connection, 0, 10)) == 3
    shutil.rmtree(tmp_path / "state")


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr("vigilog.glance.digest.MOST_SUBJECTS", 10)
    digest = Digest()
    for number in range(1, 101):
        digest.add_events([events.Counted(number, "web", False, b"v%d" % number, 3600.0 * number * 10, 0.0, b"s", b"l")])
    assert digest.events_of("v100").total == 1
    assert digest.events_of("v1").total == 0
    assert len(digest.event_hours(0)) <= 31 * 24 / 10 + 1
    for number in range(101, 400):
        digest.add_events([events.Counted(number, "web", False, b"v100", 3_600_000.0, 0.0, b"s", b"l")])
    known = digest.events_of("v100")
    assert (known.total, len(known.numbers), known.numbers[-1]) == (300, 32, 399)


def test_the_networks_that_an_address_can_be_banned_with():
    assert targets("192.0.2.7")[0] == "192.0.2.7"
    assert "192.0.2.0/24" in targets("192.0.2.7")
    assert "2001:db8::/64" in targets("2001:db8::7")
    assert targets("root") == ["root"]
