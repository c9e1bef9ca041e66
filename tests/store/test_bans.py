"""Bans are stored with the past they have, and who was let in stays in, in whatever order it is recorded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.core.errors import StoreError
from vigilog.store import bans
from vigilog.store.bans import Banned, Lifted
from vigilog.store.database import open_store, transaction

NOW = 1_000_000.0


@pytest.fixture
def store(tmp_path):
    connection = open_store(str(tmp_path / "state"))
    yield connection
    connection.close()


def ban(target="192.0.2.1", since=NOW, seconds=600.0, port="", times=1, rule="sshd", reason="5 times in 3 s"):
    return Banned(target, port, rule, since, since + seconds, times, reason)


def apply(store, *changes):
    with transaction(store):
        bans.apply(store, changes)


def held(store, now=NOW + 1):
    return sorted(bans.in_force(store, now))


def test_what_was_recorded_is_in_force_until_it_ends(store):
    apply(store, ban(), ban("2001:db8::/64", port="tcp/22"), ban("192.0.2.2", seconds=5.0))
    assert held(store) == [ban(), ban("192.0.2.2", seconds=5.0), ban("2001:db8::/64", port="tcp/22")]
    assert held(store, NOW + 5) == [ban(), ban("2001:db8::/64", port="tcp/22")]
    assert bans.count(store, NOW + 5) == 2
    assert held(store, NOW + 600) == []


def test_the_same_ban_again_with_a_later_end_is_one_ban(store):
    apply(store, ban())
    apply(store, ban(seconds=6000.0, rule="sip", reason="at once"))
    assert held(store) == [ban(seconds=6000.0, rule="sip", reason="at once")]


def test_who_was_let_in_is_not_in_force_any_more_and_the_others_are(store):
    apply(store, ban(), ban(port="tcp/22"), ban("192.0.2.2"), Lifted(("192.0.2.1", "192.0.2.9"), NOW + 1))
    assert held(store) == [ban("192.0.2.2")]
    apply(store, ban(since=NOW + 2))
    assert held(store, NOW + 3) == [ban(since=NOW + 2), ban("192.0.2.2")]


def test_everybody_can_be_let_in(store):
    apply(store, ban(), ban("192.0.2.2"), Lifted(None, NOW + 1))
    assert held(store, NOW + 2) == []
    apply(store, ban("192.0.2.3", since=NOW + 2))
    assert held(store, NOW + 3) == [ban("192.0.2.3", since=NOW + 2)]


@pytest.mark.parametrize("lifted", [("192.0.2.1",), None])
def test_a_ban_that_is_recorded_after_its_end_was_is_not_in_force(store, lifted):
    """The firewall is told first, and the order's outcome is stored when its turn comes: that may be after an unban."""
    apply(store, Lifted(lifted, NOW + 1))
    apply(store, ban(), ban(since=NOW + 1, port="tcp/22"), ban("192.0.2.2", since=NOW + 1.5))
    assert held(store, NOW + 2) == [ban("192.0.2.2", since=NOW + 1.5)]
    apply(store, ban(seconds=6000.0))
    assert held(store, NOW + 2) == [ban("192.0.2.2", since=NOW + 1.5)]


def test_changes_count_in_their_order(store):
    apply(
        store,
        ban(),
        Lifted(None, NOW + 1),
        ban("192.0.2.2", since=NOW + 2),
        "something of others",
        Lifted(("192.0.2.2",), NOW + 3),
    )
    assert held(store, NOW + 4) == []


def test_the_past_is_how_often_somebody_was_banned_if_that_is_not_too_long_ago(store):
    apply(store, ban(), ban(since=NOW + 700, times=2), ban("192.0.2.2", port="tcp/22", times=7), ban("192.0.2.3"))
    asked = ["192.0.2.1", "192.0.2.2", "192.0.2.4"]
    assert bans.past(store, asked, NOW + 600) == {"192.0.2.1": 2, "192.0.2.2": 7}
    assert bans.past(store, asked, NOW + 601) == {"192.0.2.1": 2}
    assert bans.past(store, asked, NOW + 1301) == {}
    assert bans.past(store, [], 0) == {}


def test_who_was_let_in_begins_anew(store):
    apply(store, ban(times=3, seconds=1.0), ban("192.0.2.2", times=4), Lifted(("192.0.2.1",), NOW + 10))
    assert bans.past(store, ["192.0.2.1", "192.0.2.2"], 0) == {"192.0.2.2": 4}
    apply(store, ban(since=NOW + 20))
    assert bans.past(store, ["192.0.2.1"], 0) == {"192.0.2.1": 1}
    apply(store, Lifted(None, NOW + 30))
    assert bans.past(store, ["192.0.2.1", "192.0.2.2"], 0) == {}


def test_lifts_are_remembered_with_their_last_moment(store):
    apply(store, Lifted(("192.0.2.1", "192.0.2.2"), NOW), Lifted(None, NOW + 1), Lifted(("192.0.2.1",), NOW + 2))
    assert bans.lifts(store, NOW + 1) == {bans.EVERYTHING: NOW + 1, "192.0.2.1": NOW + 2}
    assert len(bans.lifts(store, 0)) == 3


def test_what_is_long_over_is_forgotten(store):
    apply(store, ban(), ban("192.0.2.2", seconds=6000.0), Lifted(("192.0.2.3",), NOW))
    assert bans.prune(store, NOW + 601) == 1
    assert held(store) == [ban("192.0.2.2", seconds=6000.0)]
    assert bans.lifts(store, 0) == {}


def test_texts_that_the_database_cannot_hold_do_not_stop_a_ban(store):
    apply(store, ban(rule="a\udcffb", reason="c\ud800\0d"))
    (found,) = held(store)
    assert (found.target, found.rule) == ("192.0.2.1", "a?b")


def test_many_are_stored_and_found_whole(store):
    many = [ban(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", seconds=100.0 + number) for number in range(20_000)]
    apply(store, *many)
    assert held(store) == sorted(many)
    assert len(bans.past(store, [each.target for each in many], 0)) == 20_000
    apply(store, Lifted(None, NOW + 1))
    assert held(store, NOW + 1) == []


def test_a_store_that_cannot_be_read_says_so(store):
    store.execute("DROP TABLE bans")
    for question in (
        lambda: list(bans.in_force(store, 0)),
        lambda: bans.past(store, ["192.0.2.1"], 0),
        lambda: bans.count(store, 0),
        lambda: bans.apply(store, [ban()]),
        lambda: bans.apply(store, [Lifted(None, NOW)]),
        lambda: bans.prune(store, NOW),
    ):
        with pytest.raises(StoreError, match="no such table"):
            question()


MOMENTS = st.integers(0, 20).map(float)
STEPS = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), MOMENTS, st.integers(1, 20).map(float))
    | st.tuples(st.sampled_from(["a", "b", None]), MOMENTS),
    max_size=12,
)


@given(STEPS, MOMENTS, st.randoms())
def test_in_whatever_order_it_is_recorded_the_same_is_in_force(tmp_path_factory, steps, now, chance):
    bans_made = {
        (step[0], step[1]): Banned(step[0], "", "r", step[1], step[1] + step[2], 1, "") for step in steps if len(step) == 3
    }
    lifted = [Lifted(None if step[0] is None else (step[0],), step[1]) for step in steps if len(step) == 2]
    expected = {
        ban
        for ban in bans_made.values()
        if ban.until > now and not any(lift.moment >= ban.since for lift in lifted if lift.targets in (None, (ban.target,)))
    }
    changes = [*bans_made.values(), *lifted]
    chance.shuffle(changes)
    connection = open_store(str(tmp_path_factory.mktemp("state")))
    try:
        apply(connection, *changes)
        assert set(bans.in_force(connection, now)) == expected
    finally:
        connection.close()
