"""Alerts and their orders: stored together, begun in their order, ended with an outcome, and whole after a kill."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vigilog.core.nouns import Alert, Event, Order, Outcome
from vigilog.store.database import open_store, transaction
from vigilog.store.events import all_events, counted
from vigilog.store.outbox import (
    PROOF,
    Ended,
    add_alerts,
    add_order,
    alerts,
    begin_orders,
    drop_orders,
    forget_alerts,
    mark_ended,
    reopen_orders,
)
from vigilog.store.positions import positions


@pytest.fixture
def directory(tmp_path):
    return str(tmp_path / "state")


@pytest.fixture
def connection(directory):
    connection = open_store(directory)
    yield connection
    connection.close()


def alert(address: str = "192.0.2.1", *, rule: str = "sshd", time: float = 100.0) -> Alert:
    fields = {"address": address}
    before = Event(time - 1, time, "file:/log", rule, "attack", fields, b"first")
    crossing = Event(time, time, "file:/log", rule, "attack", {**fields, "user": "root"}, b"line")
    return Alert(rule, (address,), time, (before, crossing), 2)


def add(
    connection: sqlite3.Connection,
    some: Sequence[tuple[Alert, Sequence[str]]],
    room: dict[str, int] | None = None,
    moment: float = 1000.0,
) -> list[Order]:
    with transaction(connection):
        return add_alerts(connection, some, {} if room is None else room, moment)


def begin(connection: sqlite3.Connection, **room: int) -> list[Order]:
    with transaction(connection):
        return begin_orders(connection, room)


def done(order: Order, reason: str = "banned", *, well: bool = True) -> Outcome:
    return Outcome(order, well, reason)


def statuses(connection: sqlite3.Connection) -> list[tuple[str, str, int]]:
    return connection.execute("SELECT action, status, attempts FROM outbox ORDER BY number").fetchall()


log_text = st.binary(max_size=30).map(lambda value: value.decode("utf-8", "surrogateescape"))
"""Field values: any bytes of a line."""
names = st.sampled_from(["address", "user", "ip", "x_1"])
moments = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def raised(draw) -> Alert:
    rule, kind = draw(st.sampled_from(["sshd", "größe", "a b"])), draw(st.sampled_from(["attack", "login"]))
    key_fields = draw(st.dictionaries(names, log_text, max_size=3))
    size = draw(st.integers(1, 4))
    some = [
        Event(draw(moments), draw(moments), draw(st.text(max_size=10)), rule, kind, key_fields, draw(st.binary(max_size=50)))
        for _ in range(size)
    ]
    some[-1] = some[-1]._replace(fields=draw(st.dictionaries(names, log_text, max_size=4)))
    return Alert(rule, tuple(key_fields.values()), draw(moments), tuple(some), len(some))


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(raised(), min_size=1, max_size=4))
def test_any_alert_comes_back_as_it_was_raised(tmp_path_factory, some: list[Alert]) -> None:
    """Also text that is no UTF-8, and names of sources with surrogates."""
    connection = open_store(str(tmp_path_factory.mktemp("store")))
    add(connection, [(each, ["ban"]) for each in some])
    assert [order.alert for order in begin(connection, ban=100)] == some
    assert [found for _, found, _ in alerts(connection, 0.0)] == some[::-1]
    connection.close()


def test_the_first_and_the_last_events_of_a_long_proof_are_kept_and_how_many_there_were(connection) -> None:
    events = tuple(Event(float(n), 0.0, "s", "sshd", "attack", {}, b"%d" % n) for n in range(PROOF + 50))
    add(connection, [(replace(alert(), events=events, count=len(events)), ["ban"])])
    [(_, found, _)] = alerts(connection, 0.0)
    assert found.events == (events[0], *events[1 - PROOF :])
    assert found.count == PROOF + 50
    assert [order.alert for order in begin(connection, ban=1)] == [found]


def test_alerts_of_a_store_that_did_not_note_how_many_events_there_were_have_those_that_are_there(connection) -> None:
    add(connection, [(alert(), ["ban"])])
    connection.execute("UPDATE alerts SET count = NULL")
    [(_, found, _)] = alerts(connection, 0.0)
    assert found == alert()


def test_an_alert_without_its_events_is_stored_too(connection) -> None:
    """They may have been forgotten: what is to be done is to be done."""
    add(connection, [(replace(alert(), events=()), ["ban"])])
    [order] = begin(connection, ban=1)
    assert order.alert == replace(alert(), events=())


def test_orders_begin_at_once_as_far_as_there_is_room(connection) -> None:
    room = {"ban": 2, "mail": 1}
    begun = add(connection, [(alert(f"192.0.2.{n}"), ["ban", "mail"]) for n in range(3)], room)
    assert [(order.action, order.alert.key[0], order.attempt) for order in begun] == [
        ("ban", "192.0.2.0", 1),
        ("mail", "192.0.2.0", 1),
        ("ban", "192.0.2.1", 1),
    ]
    assert room == {"ban": 0, "mail": 0}
    assert [status for _, status, _ in statuses(connection)] == ["begun", "begun", "begun", "waiting", "waiting", "waiting"]


def test_an_action_that_is_not_there_has_no_room_and_its_orders_wait(connection) -> None:
    assert add(connection, [(alert(), ["gone"])], {"ban": 5}) == []
    assert statuses(connection) == [("gone", "waiting", 0)]


def test_an_alert_without_actions_is_stored_without_orders(connection) -> None:
    assert add(connection, [(alert(), [])]) == []
    [(_, found, ended)] = alerts(connection, 0.0)
    assert (found, ended) == (alert(), [])


def test_waiting_orders_begin_in_their_order_as_far_as_there_is_room(connection) -> None:
    add(connection, [(alert(f"192.0.2.{n}"), ["ban", "mail"]) for n in range(4)])
    first = begin(connection, ban=3, mail=0, nothing=5)
    assert [(order.action, order.alert.key[0], order.attempt, order.of) for order in first] == [
        ("ban", f"192.0.2.{n}", 1, None) for n in range(3)
    ]
    assert [order.alert.key[0] for order in begin(connection, ban=3)] == ["192.0.2.3"]
    assert begin(connection, ban=3) == []


def test_the_order_that_begins_at_once_and_the_one_fetched_later_are_the_same(connection) -> None:
    [at_once] = add(connection, [(alert(), ["ban"])], {"ban": 1})
    reopen_orders(connection)
    assert begin(connection, ban=1) == [replace(at_once, attempt=2)]


def test_what_was_begun_before_a_kill_begins_again_and_is_told_so(connection) -> None:
    add(connection, [(alert("192.0.2.1"), ["ban"]), (alert("192.0.2.2"), ["ban"])], {"ban": 1})
    assert reopen_orders(connection) == 1
    assert [(order.alert.key[0], order.attempt) for order in begin(connection, ban=9)] == [("192.0.2.1", 2), ("192.0.2.2", 1)]
    assert reopen_orders(connection) == 2
    assert [order.attempt for order in begin(connection, ban=9)] == [3, 2]


def test_what_has_ended_neither_begins_nor_reopens(connection) -> None:
    orders = add(connection, [(alert("192.0.2.1"), ["ban"]), (alert("192.0.2.2"), ["ban"])], {"ban": 2})
    mark_ended(connection, [done(orders[0]), done(orders[1], "never banned: ours", well=False)], 1001.0)
    assert reopen_orders(connection) == 0
    assert begin(connection, ban=9) == []
    assert [ended for _, _, ended in alerts(connection, 0.0)] == [
        [Ended("ban", "failed", 1001.0, "never banned: ours")],
        [Ended("ban", "done", 1001.0, "banned")],
    ]


def test_reasons_of_any_text_are_noted(connection) -> None:
    [order] = add(connection, [(alert(), ["ban"])], {"ban": 1})
    mark_ended(connection, [done(order, "größe \udcff \ud800 \x1b[2J")], 1.0)
    [(_, _, [ended])] = alerts(connection, 0.0)
    assert ended.reason == "größe ? ? \x1b[2J"


def test_followers_are_given_the_outcome_of_what_they_follow(connection) -> None:
    [order] = add(connection, [(alert(), ["ban"])], {"ban": 1})
    outcome = done(order, "already banned", well=False)
    with transaction(connection):
        mark_ended(connection, [outcome], 5.0)
        add_order(connection, "log", outcome)
    [following] = begin(connection, log=5)
    assert following.alert == alert()
    assert following.of == outcome
    assert (following.action, following.attempt) == ("log", 1)


def test_an_order_that_follows_one_that_is_not_stored_is_none(connection) -> None:
    add_order(connection, "log", done(Order(0, "ban", alert())))
    add_order(connection, "log", done(Order(77, "ban", alert())))
    assert statuses(connection) == []


def test_the_orders_of_an_action_that_is_no_more_end_for_a_reason(connection) -> None:
    orders = add(connection, [(alert(), ["ban", "mail"]), (alert(), ["ban"])], {"ban": 1})
    assert len(orders) == 1
    assert drop_orders(connection, "ban", "the action is not configured any more", 7.0) == 2
    assert [status for _, status, _ in statuses(connection)] == ["failed", "waiting", "failed"]
    assert begin(connection, ban=5) == []


def test_alerts_are_told_the_newest_first_and_only_as_many_as_asked_for(connection) -> None:
    for number in range(5):
        add(connection, [(alert(f"192.0.2.{number}"), [])], moment=1000.0 + number)
    assert [found.key[0] for _, found, _ in alerts(connection, 1002.0)] == ["192.0.2.4", "192.0.2.3", "192.0.2.2"]
    assert [found.key[0] for _, found, _ in alerts(connection, 0.0, limit=2)] == ["192.0.2.4", "192.0.2.3"]


def test_old_alerts_are_forgotten_with_their_orders_unless_one_is_open(connection) -> None:
    [first, second, third] = add(connection, [(alert(f"192.0.2.{n}"), ["ban"]) for n in range(3)], {"ban": 3}, 1000.0)
    add(connection, [(alert("192.0.2.9"), ["ban"])], {"ban": 1}, 2000.0)
    with transaction(connection):
        mark_ended(connection, [done(first), done(second)], 1001.0)
        add_order(connection, "log", done(second))
    assert forget_alerts(connection, 1500.0) == 1
    assert [found.key[0] for _, found, _ in alerts(connection, 0.0)] == ["192.0.2.9", "192.0.2.2", "192.0.2.1"]
    [following] = begin(connection, log=1)
    mark_ended(connection, [done(following), done(third)], 1002.0)
    assert forget_alerts(connection, 1500.0) == 2
    assert statuses(connection) == [("ban", "begun", 1)]


def test_numbers_of_forgotten_orders_are_not_used_again(connection) -> None:
    [order] = add(connection, [(alert(), ["ban"])], {"ban": 1})
    mark_ended(connection, [done(order)], 1.0)
    forget_alerts(connection, 1e9)
    assert statuses(connection) == []
    [later] = add(connection, [(alert(), ["ban"])], {"ban": 1})
    assert later.number > order.number
    add_order(connection, "log", done(later))
    add_order(connection, "log", done(order))
    assert len(begin(connection, log=9)) == 1


def test_what_ended_long_ago_does_not_slow_down_the_search_for_what_waits(connection) -> None:
    plan = []
    connection.set_trace_callback(lambda statement: plan.append(statement) if statement.startswith("SELECT o.number") else None)
    begin(connection, ban=5)
    connection.set_trace_callback(None)
    [query] = plan
    steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}")]
    assert steps[0].startswith("SEARCH o USING INDEX outbox_open (action=?)")


def test_a_storm_of_50000_alerts_is_stored_in_seconds(connection) -> None:
    storm = [(alert(f"198.51.{n >> 8}.{n & 255}"), ["ban"]) for n in range(50_000)]
    started = time.process_time()
    for start in range(0, 50_000, 5000):
        add(connection, storm[start : start + 5000], {"ban": 10})
    fetched = 0
    while orders := begin(connection, ban=2000):
        with transaction(connection):
            mark_ended(connection, map(done, orders), 1.0)
        fetched += len(orders)
    assert fetched == 50_000 - 100
    assert time.process_time() - started < 30


PROGRAM = """
import os, signal, sys
from vigilog.core.nouns import Alert, Event, Outcome, Position
from vigilog.store.database import open_store, transaction
from vigilog.store.events import add_events
from vigilog.store.outbox import add_alerts, add_order, begin_orders, mark_ended
from vigilog.store.positions import save_positions

def reached(step):
    if step == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)

connection = open_store(sys.argv[1])
proof = Event(1.0, 1.0, "file:/log", "sshd", "attack", {"ip": "192.0.2.1"}, b"line")
alert = Alert("sshd", ("192.0.2.1",), 1.0, (proof,), 1)
with transaction(connection):
    add_events(connection, [(number, "sshd", False, b"192.0.2.1", 1.0, 1.0, b"file:/log", b"x" * 1000) for number in range(1, 3001)])
    reached("events")
    orders = add_alerts(connection, [(alert, ["ban", "mail"])], {"ban": 1}, 1.0)
    reached("alerts")
    save_positions(connection, "run", [Position("file:/log", {"offset": 42})])
    reached("positions")
reached("committed")
with transaction(connection):
    orders += begin_orders(connection, {"mail": 5})
    reached("beginning")
reached("begun")
with transaction(connection):
    outcome = Outcome(orders[0], True, "banned")
    mark_ended(connection, [outcome], 2.0)
    reached("ending")
    add_order(connection, "log", outcome)
reached("ended")
"""

NOTHING: tuple[None, int, int, list[tuple[str, str, int]]] = (None, 0, 0, [])
FIRST = [("ban", "begun", 1), ("mail", "waiting", 0)]
BEGUN = [("ban", "begun", 1), ("mail", "begun", 1)]
ENDED = [("ban", "done", 1), ("mail", "begun", 1), ("log", "waiting", 0)]


@pytest.mark.parametrize(
    ("step", "left", "begins"),
    [
        ("events", NOTHING, []),
        ("alerts", NOTHING, []),
        ("positions", NOTHING, []),
        ("committed", (42, 3000, 1, FIRST), [("ban", 2), ("mail", 1)]),
        ("beginning", (42, 3000, 1, FIRST), [("ban", 2), ("mail", 1)]),
        ("begun", (42, 3000, 1, BEGUN), [("ban", 2), ("mail", 2)]),
        ("ending", (42, 3000, 1, BEGUN), [("ban", 2), ("mail", 2)]),
        ("ended", (42, 3000, 1, ENDED), [("mail", 2), ("log", 1)]),
    ],
)
def test_killed_at_any_point_positions_events_alerts_and_orders_agree(directory, step, left, begins) -> None:
    killed = subprocess.run([sys.executable, "-c", PROGRAM, directory, step], check=False)
    assert killed.returncode == -signal.SIGKILL
    connection = open_store(directory)
    found = positions(connection, "run")
    offset = found["file:/log"].state["offset"] if found else None
    assert (offset, counted(connection), len(list(alerts(connection, 0.0))), statuses(connection)) == left
    assert len(list(all_events(connection))) == left[1]
    with transaction(connection):
        reopen_orders(connection)
        again = begin_orders(connection, {"ban": 9, "mail": 9, "log": 9})
    assert [(order.action, order.attempt) for order in again] == begins
    assert [order.of.reason for order in again if order.of] == ["banned"] * (step == "ended")
    connection.close()


def test_the_files_are_for_their_owner_alone(connection, directory) -> None:
    add(connection, [(alert(), ["ban"])])
    assert {entry.stat().st_mode & 0o777 for entry in os.scandir(directory) if entry.is_file()} == {0o600}
