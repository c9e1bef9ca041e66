"""The watchman: from lines to alerts; a batch is stored whole or not at all; killed at any point, it comes to the same alerts."""

import re
import resource
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.torture.disk import fill, small_disk
from vigilog.core.errors import StoreError
from vigilog.core.nouns import Alert, Place, Position, Rule
from vigilog.detect.triggers import LIVE_LIMIT, Trigger, TriggerSet
from vigilog.run import watchman as hall
from vigilog.run.watchman import CONSUMER, Tally, Watchman, commit, forget, resume
from vigilog.store.database import open_store, transaction
from vigilog.store.events import all_events, counted
from vigilog.store.outbox import alerts as stored_alerts
from vigilog.store.outbox import begin_orders
from vigilog.store.positions import positions

SOURCE = "file:/log"
KEYS = 1000


def rules(*patterns: bytes) -> tuple[Rule, ...]:
    return tuple(Rule("r", "attack", "regex", text, Place("rules", line)) for line, text in enumerate(patterns, 1))


def trigger(
    name: str, count: int, within: float | None, *, anew: bool = False, resets: Sequence[bytes] = (), **more: str
) -> Trigger:
    word = more.get("word", "fail").encode()
    return Trigger(
        name,
        "attack",
        rules(rb"t=\S+ " + word + rb" (?P<key>\w+)(?: (?P<rest>.*))?$"),
        rules(*resets),
        key=("key",),
        count=count,
        within=within,
        anew=anew,
        actions=("ban", "mail"),
    )


OK = rb"t=\S+ ok (?P<key>\w+)"
TRIGGERS = [
    trigger("each", 1, None),
    trigger("three", 3, 100.0),
    trigger("anew", 3, 100.0, anew=True),
    trigger("row", 3, None, anew=True, resets=[OK]),
    trigger("ever", 2, None),
    trigger("other", 2, 50.0, word="bad"),
    replace(trigger("once", 2, 150.0), once=True),
    replace(trigger("first", 1, 100.0, resets=[OK]), once=True),
    replace(trigger("only", 1, None, resets=[OK]), once=True),
]
SET = TriggerSet(TRIGGERS)


def when(line: bytes) -> float:
    """The time that a line of these tests says of itself."""
    found = re.match(rb"t=(\S+) ", line)
    assert found
    return float(found[1])


def line(moment: float, word: str, key: str, rest: str = "") -> bytes:
    return f"t={moment} {word} {key} {rest}".rstrip().encode() + b"\n"


def see(watchman: Watchman, *lines: bytes, arrived: float = 0.0) -> None:
    watchman.see(SOURCE, b"".join(lines), arrived, when)


def committed(store, watchman: Watchman, offset: int | None = None, room: dict[str, int] | None = None) -> list[Alert]:
    positions = [] if offset is None else [Position(SOURCE, {"offset": offset})]
    return commit(store, watchman, positions, {} if room is None else room, 1000.0)[0]


@pytest.fixture
def directory(tmp_path):
    return str(tmp_path / "state")


@pytest.fixture
def store(directory):
    store = open_store(directory)
    yield store
    store.close()


def test_an_alert_has_its_key_its_time_and_the_events_that_prove_it(store) -> None:
    watchman = Watchman(TriggerSet([trigger("three", 3, 100.0)]), KEYS)
    see(watchman, line(1, "fail", "a", "one"), line(2, "fail", "b"), arrived=50.0)
    committed(store, watchman)
    see(watchman, line(3, "fail", "a", "two"), line(4, "fail", "a", "three \x1b[2J"), arrived=51.0)
    [alert] = committed(store, watchman)
    assert (alert.rule, alert.key, alert.time) == ("three", ("a",), 4.0)
    assert [(event.time, event.arrived, event.line) for event in alert.events] == [
        (1.0, 50.0, b"t=1 fail a one"),
        (3.0, 51.0, b"t=3 fail a two"),
        (4.0, 51.0, b"t=4 fail a three \x1b[2J"),
    ]
    assert [dict(event.fields) for event in alert.events] == [{"key": "a"}, {"key": "a"}, {"key": "a", "rest": "three \x1b[2J"}]
    assert {(event.source, event.rule, event.kind) for event in alert.events} == {(SOURCE, "three", "attack")}


def test_the_event_that_raised_an_alert_is_the_last_of_its_proof_even_if_it_came_late(store) -> None:
    watchman = Watchman(TriggerSet([trigger("three", 3, 100.0)]), KEYS)
    see(watchman, line(1, "fail", "a"), line(9, "fail", "a"), line(5, "fail", "a", "late"))
    [alert] = committed(store, watchman)
    assert [event.time for event in alert.events] == [1.0, 9.0, 5.0]
    assert (alert.time, alert.events[-1].fields["rest"]) == (5.0, "late")


def test_an_alert_says_how_many_events_raised_it_whenever_its_order_begins(store) -> None:
    watchman = Watchman(TriggerSet([trigger("many", 500, None)]), KEYS)
    see(watchman, *(line(n, "fail", "a") for n in range(500)))
    [raised] = committed(store, watchman)
    with transaction(store):
        [order] = begin_orders(store, {"mail": 1})
    assert (raised.count, len(raised.events)) == (500, 500)
    assert (order.alert.count, len(order.alert.events)) == (500, 100)
    assert order.alert.events[-1].time - order.alert.events[0].time == 499.0


def test_equal_lines_are_events_of_their_own(store) -> None:
    same = Trigger("t", "attack", rules(rb"^x$"), count=3)
    watchman = Watchman(TriggerSet([same]), KEYS)
    times = iter([5.0, 9.0, 7.0])
    watchman.see(SOURCE, b"x\nx\nx\n", 0.0, lambda _: next(times))
    [alert] = committed(store, watchman)
    assert ([event.time for event in alert.events], alert.time) == ([5.0, 9.0, 7.0], 7.0)


def test_alerts_are_stored_with_the_orders_that_begin_and_those_that_wait(store) -> None:
    watchman = Watchman(TriggerSet([trigger("each", 1, None)]), KEYS)
    see(watchman, *(line(n, "fail", f"k{n}") for n in range(3)))
    room = {"ban": 2, "mail": 9}
    alerts, orders = commit(store, watchman, [], room, 1000.0)
    assert [(order.action, order.alert.key[0]) for order in orders] == [
        *[("ban", "k0"), ("mail", "k0"), ("ban", "k1"), ("mail", "k1"), ("mail", "k2")],
    ]
    assert [found for _, found, _ in stored_alerts(store, 0.0)] == alerts[::-1]


def test_nothing_found_and_nothing_read_is_not_even_a_transaction(store) -> None:
    done: list[str] = []
    store.set_trace_callback(done.append)
    assert committed(store, Watchman(SET, KEYS)) == []
    assert done == []


def test_positions_are_stored_also_where_nothing_was_found(store) -> None:
    committed(store, Watchman(SET, KEYS), offset=7)
    assert positions(store, CONSUMER)[SOURCE].state == {"offset": 7}


def test_events_that_make_an_alert_each_are_not_stored(store) -> None:
    watchman = Watchman(TriggerSet([trigger("each", 1, None), trigger("ever", 2, None)]), KEYS)
    see(watchman, line(1, "fail", "a"))
    assert len(committed(store, watchman)) == 1
    assert [event.rule for event in all_events(store)] == ["ever"]


def test_tallies_count_events_and_alerts_and_no_resets() -> None:
    watchman = Watchman(TriggerSet([trigger("row", 2, None, resets=[OK])]), KEYS)
    see(watchman, line(1, "fail", "a"), line(2, "ok", "a"), line(3, "fail", "a"), line(4, "fail", "a"))
    assert watchman.tallies == [Tally(events=3, alerts=1)]


@contextmanager
def no_room_in_files() -> Iterator[None]:
    """No file of this process can grow."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_store_that_cannot_be_written_leaves_the_batch_there_and_it_is_stored_later(store, directory) -> None:
    watchman = Watchman(SET, KEYS)
    see(watchman, *(line(n, "fail", "a", "x" * 5000) for n in range(100)))
    committed(store, watchman, offset=1)
    see(watchman, *(line(n, "fail", "a", "y" * 5000) for n in range(100, 200)))
    before = (counted(store), len(list(stored_alerts(store, 0.0, 10_000))))
    with no_room_in_files(), pytest.raises(StoreError) as caught:
        committed(store, watchman, offset=2)
    assert str(caught.value).startswith(directory)
    assert (counted(store), len(list(stored_alerts(store, 0.0, 10_000)))) == before
    assert positions(store, CONSUMER)[SOURCE].state == {"offset": 1}
    see(watchman, line(200, "fail", "a"))
    later = committed(store, watchman, offset=3)
    assert {alert.time for alert in later} == {float(n) for n in range(100, 201)}
    counting, silent = 4, 3
    assert counted(store) == before[0] + counting * 101 + silent, "of a silent key only the last event is stored"
    assert positions(store, CONSUMER)[SOURCE].state == {"offset": 3}


def test_a_full_disk_leaves_the_batch_there_and_it_is_stored_later(tmp_path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        if not disk.mounted:
            pytest.skip("no tmpfs can be mounted here; the limit on file sizes is tested all the same")
        store = open_store(str(disk.path / "state"))
        watchman = Watchman(SET, KEYS)
        see(watchman, *(line(n, "fail", "a", "x" * 5000) for n in range(100)))
        fill(disk.path / "filler", 4096)
        with pytest.raises(StoreError, match="full"):
            committed(store, watchman, offset=1)
        (disk.path / "filler").unlink()
        alerts = committed(store, watchman, offset=1)
        assert len([alert for alert in alerts if alert.rule == "each"]) == 100
        assert positions(store, CONSUMER)[SOURCE].state == {"offset": 1}
        store.close()


words = st.sampled_from(["fail", "fail", "fail", "ok", "bad", "noise"])
steps = st.one_of(
    st.tuples(
        st.just("lines"),
        st.lists(st.tuples(words, st.sampled_from("ab"), st.sampled_from([0.0, 0.0, -30.0, 3600.0, -3600.0])), max_size=6),
        st.integers(0, 120),
    ),
    st.tuples(st.just("commit")),
    st.tuples(st.just("kill")),
    st.tuples(st.just("forget")),
    st.tuples(st.just("reload")),
    st.tuples(st.just("wait"), st.integers(0, 9000)),
)


def lived(open_one: Callable[[], sqlite3.Connection], story: Sequence[tuple[Any, ...]], *, mortal: bool) -> list[Alert]:
    """The alerts of a story: lines, commits, kills (what was not committed is read again), reloads, times without lines. Who is
    not mortal is never killed, and forgets nothing."""
    store = open_one()
    watchman = Watchman(SET, KEYS)
    log: list[tuple[float, bytes]] = []
    read = kept = 0
    now = 10_000.0
    found: list[Alert] = []

    def look() -> None:
        nonlocal read
        for arrived, data in log[read:]:
            watchman.see(SOURCE, data, arrived, when)
        read = len(log)

    for step in [*story, ("commit",)]:
        match step:
            case ("lines", lines, seconds):
                now += seconds
                log.append((now, b"".join(line(now + late, word, key, str(now)) for word, key, late in lines)))
                look()
            case ("wait", seconds):
                now += seconds
            case ("commit",) | ("reload",):
                found += committed(store, watchman, offset=read)
                kept = read
                if step == ("reload",) and mortal:
                    former, watchman = watchman, resume(store, TriggerSet(TRIGGERS), KEYS)
                    watchman.inherit(former)
            case ("kill",) if mortal:
                store.close()
                store = open_one()
                watchman = resume(store, SET, KEYS)
                assert kept == (positions(store, CONSUMER)[SOURCE].state["offset"] if kept else 0)
                read = kept
                look()
            case ("forget",) if mortal:
                forget(store, watchman)
    store.close()
    return found


F, B, OKAY = ("fail", "a", 0.0), ("fail", "b", 0.0), ("ok", "a", 0.0)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@example(
    [
        ("lines", [F, F], 1),
        ("commit",),
        ("wait", 9000),
        ("lines", [F], 0),
        ("commit",),
        ("forget",),
        ("kill",),
        ("lines", [F, F], 1),
    ]
)
@example([("lines", [F, F], 1), ("commit",), ("lines", [OKAY], 1), ("commit",), ("forget",), ("kill",), ("lines", [F, F], 1)])
@example(
    [
        ("lines", [("fail", "a", 3600.0)], 0),
        ("lines", [B], 0),
        ("commit",),
        ("forget",),
        ("kill",),
        ("lines", [("fail", "b", -3600.0)], 120),
    ]
)
@example([("lines", [F, F], 1), ("commit",), ("lines", [F], 1), ("forget",), ("kill",), ("lines", [], 1)])
@example(
    [
        ("lines", [F, F], 0),
        ("lines", [("fail", "b", 3600.0)], 120),
        ("commit",),
        ("forget",),
        ("lines", [("fail", "a", -30.0)], 0),
    ]
)
@example(
    [
        ("lines", [F, F], 1),
        *[("lines", [F], 100)] * 3,
        ("commit",),
        ("forget",),
        ("kill",),
        ("lines", [F], 100),
        ("lines", [F], 1),
    ]
)
@given(st.lists(steps, max_size=25))
def test_killed_and_reloaded_at_any_point_it_comes_to_the_alerts_of_one_that_never_was(
    tmp_path_factory, monkeypatch, story
) -> None:
    """Events for event; also where it forgets as early as it ever may."""
    monkeypatch.setattr(hall, "SPARE", 0)
    directory = tmp_path_factory.mktemp("states")
    number = count()
    immortal = lived(lambda: open_store(str(directory / f"immortal{next(number)}")), story, mortal=False)
    assert lived(lambda: open_store(str(directory / "mortal")), story, mortal=True) == immortal


def test_silent_keys_are_silent_after_what_made_them_so_was_forgotten(store, monkeypatch) -> None:
    monkeypatch.setattr(hall, "SPARE", 0)
    only = TriggerSet([replace(trigger("only", 2, 100.0), once=True)])
    watchman = Watchman(only, KEYS)
    see(watchman, *(line(n, "fail", "a") for n in range(0, 1000, 50)))
    assert len(committed(store, watchman)) == 1
    forget(store, watchman)
    assert [(event.time, event.clears) for event in all_events(store)] == [(950.0, None)]
    again = resume(store, only, KEYS)
    see(again, line(1050, "fail", "a"), line(1150, "fail", "a"))
    assert committed(store, again) == []
    see(again, line(1251, "fail", "a"), line(1252, "fail", "a"))
    assert [alert.time for alert in committed(store, again)] == [1252.0]


def test_what_no_window_needs_is_forgotten_and_what_one_needs_is_not(store, monkeypatch) -> None:
    monkeypatch.setattr(hall, "SPARE", 10)
    watchman = Watchman(TriggerSet([trigger("row", 3, None, anew=True, resets=[OK])]), KEYS)
    see(watchman, *(line(n, "fail", "a") for n in range(6)), *(line(n, "fail", "b") for n in range(2)), line(9, "ok", "c"))
    committed(store, watchman)
    forget(store, watchman)
    assert counted(store) == 9, "up to SPARE and twice what is needed it is not worth it"
    see(watchman, *(line(n, "ok", "c") for n in range(9)))
    committed(store, watchman)
    forget(store, watchman)
    assert [(event.key, event.time) for event in all_events(store)] == [(b"b", 0.0), (b"b", 1.0)]


def test_one_busy_key_does_not_make_others_forgotten(store, monkeypatch) -> None:
    monkeypatch.setattr(hall, "SPARE", 10)
    watchman = Watchman(TriggerSet([trigger("ever", 3, None)]), 100)
    see(watchman, line(1, "fail", "quiet"), line(2, "fail", "quiet"))
    see(watchman, *(line(n, "fail", "busy") for n in range(10, 2000)))
    committed(store, watchman)
    forget(store, watchman)
    assert counted(store) == 5
    again = resume(store, watchman.triggers, 100)
    see(again, line(3000, "fail", "quiet"))
    [alert] = committed(store, again)
    assert [event.time for event in alert.events] == [1.0, 2.0, 3000.0]


def test_a_batch_that_waits_to_be_committed_keeps_everything(store, monkeypatch) -> None:
    monkeypatch.setattr(hall, "SPARE", 0)
    watchman = Watchman(TriggerSet([trigger("anew", 3, None, anew=True)]), KEYS)
    see(watchman, line(1, "fail", "a"), line(2, "fail", "a"))
    committed(store, watchman)
    see(watchman, line(3, "fail", "a"))
    forget(store, watchman)
    assert counted(store) == 2


def test_keys_expire_by_the_time_of_events_and_not_before_a_late_one_could_count(store) -> None:
    watchman = Watchman(TriggerSet([trigger("three", 3, 100.0)]), KEYS)
    see(watchman, line(10_000, "fail", "old"), line(10_000 + 2 * LIVE_LIMIT + 100, "fail", "new"))
    committed(store, watchman)
    forget(store, watchman)
    assert len(watchman.windows[0]) == 2
    see(watchman, line(10_000 + 2 * LIVE_LIMIT + 101, "fail", "new"))
    committed(store, watchman)
    forget(store, watchman)
    assert len(watchman.windows[0]) == 1


def test_a_reload_goes_on_with_counts_tallies_and_numbers(store) -> None:
    former = Watchman(TriggerSet([trigger("three", 3, 100.0), trigger("gone", 2, None)]), 2)
    see(former, *(line(n, "fail", f"k{n}") for n in range(5)), line(6, "fail", "k4"))
    committed(store, former)
    made = resume(store, TriggerSet([trigger("new", 9, None), trigger("three", 3, 100.0)]), 2)
    made.inherit(former)
    assert made.tallies == [Tally(), former.tallies[0]]
    assert [windows.dropped for windows in made.windows] == [0, former.windows[0].dropped]
    assert former.windows[0].dropped == 3
    see(made, line(7, "fail", "k4"))
    [alert] = committed(store, made)
    assert (alert.rule, [event.time for event in alert.events]) == ("three", [4.0, 6.0, 7.0])
    assert [event.number for event in all_events(store)] == sorted({event.number for event in all_events(store)})


def test_a_restart_begins_its_own_account(store) -> None:
    former = Watchman(TriggerSet([trigger("three", 3, 100.0)]), 2)
    see(former, *(line(n, "fail", f"k{n}") for n in range(9)))
    committed(store, former)
    made = resume(store, former.triggers, 2)
    assert (made.tallies, made.windows[0].dropped, len(made.windows[0])) == ([Tally()], 0, 2)


def test_events_of_a_trigger_that_is_gone_keep_their_numbers(store) -> None:
    former = Watchman(TriggerSet([trigger("stays", 3, None), trigger("gone", 3, None, word="bad")]), KEYS)
    see(former, line(1, "fail", "a"), line(2, "bad", "a"), line(3, "bad", "a"))
    committed(store, former)
    made = resume(store, TriggerSet([trigger("stays", 3, None)]), KEYS)
    see(made, line(4, "fail", "a"), line(5, "fail", "a"))
    [alert] = committed(store, made)
    assert [event.time for event in alert.events] == [1.0, 4.0, 5.0]
    assert [event.number for event in all_events(store)] == [1, 2, 3, 4, 5]


FOLLOWED = Trigger(
    "f",
    "attack",
    rules(rb"sshd\[\d+\]: fail (?P<user>\w+) from (?P<ip>\S+)"),
    follows=rules(rb"too many (?P<what>\w+)"),
    key=("ip",),
    count=2,
)


def test_an_event_that_follows_has_the_fields_of_the_key(store) -> None:
    """Those that the address to ban is taken from."""
    watchman = Watchman(TriggerSet([FOLLOWED]), KEYS)
    see(watchman, b"t=1 h sshd[7]: fail root from 192.0.2.1\n", b"t=2 h sshd[7]: too many failures\n")
    [alert] = committed(store, watchman)
    assert [dict(event.fields) for event in alert.events] == [{"ip": "192.0.2.1"}, {"ip": "192.0.2.1", "what": "failures"}]


def test_a_line_that_follows_is_counted_after_a_restart_too(store) -> None:
    watchman = Watchman(TriggerSet([FOLLOWED]), KEYS)
    see(watchman, b"t=1 h sshd[7]: fail root from 192.0.2.1\n")
    committed(store, watchman)
    again = resume(store, TriggerSet([FOLLOWED]), KEYS)
    see(again, b"t=2 h sshd[8]: too many failures\n", b"t=2 h sshd[7]: too many failures\n")
    [alert] = committed(store, again)
    assert alert.key == ("192.0.2.1",)


@pytest.mark.parametrize("how", [{"count": 1}, {"count": 1, "once": True}, {"count": 2, "once": True, "within": 100.0}])
def test_lines_that_follow_are_counted_after_a_restart_also_where_their_process_raised_nothing(store, how) -> None:
    """What raises an alert each, or none any more, may be followed as well; the last event of a key is not the only one."""
    said = [b"t=%d h sshd[%d]: fail root from 192.0.2.1\n" % (number, number) for number in range(1, 9)]
    then = [b"t=10 h sshd[3]: too many failures\n", b"t=105 h sshd[4]: too many failures\n"]
    then += [b"t=150 h sshd[99]: fail root from 192.0.2.1\n"] * 2
    triggers = TriggerSet([replace(FOLLOWED, **how)])
    watchman = Watchman(triggers, KEYS)
    see(watchman, *said)
    first = committed(store, watchman)
    again = resume(store, TriggerSet([replace(FOLLOWED, **how)]), KEYS)
    see(watchman, *then)
    see(again, *then)
    assert again.tallies[0].events == len(then)
    assert [raised.by[:5] for raised in again.batch.raised] == [raised.by[:5] for raised in watchman.batch.raised]
    assert first


def test_what_was_undecided_before_a_reload_is_not_forgotten() -> None:
    former, made = (Watchman(TriggerSet([trigger("t", 3, None)]), KEYS) for _ in range(2))
    former.triggers.undecided[0] = 7
    made.inherit(former)
    assert made.triggers.undecided == [7]


def test_a_trigger_that_counts_differently_now_goes_on_with_the_events_that_are_there(store) -> None:
    former = Watchman(TriggerSet([trigger("t", 5, 100.0)]), KEYS)
    see(former, *(line(n, "fail", "a") for n in range(3)))
    committed(store, former)
    made = resume(store, TriggerSet([trigger("t", 4, 100.0)]), KEYS)
    see(made, line(4, "fail", "a"))
    assert len(committed(store, made)) == 1


def test_a_flood_of_keys_keeps_store_and_memory_bounded(store, monkeypatch) -> None:
    monkeypatch.setattr(hall, "SPARE", 1000)
    watchman = Watchman(TriggerSet([trigger("three", 3, None)]), 500)
    for block in range(20):
        see(watchman, *(line(n, "fail", f"k{n}") for n in range(block * 1000, block * 1000 + 1000)))
        committed(store, watchman)
        forget(store, watchman)
        assert len(watchman.windows[0]) <= 500
        assert counted(store) <= 3000
    assert watchman.windows[0].dropped == 20_000 - len(watchman.windows[0])


def test_a_hundred_thousand_events_take_seconds_at_most(store) -> None:
    watchman = Watchman(TriggerSet([trigger("three", 3, 600.0, anew=True)]), 100_000)
    blocks = [
        b"".join(line(n / 100, "fail", f"k{n % 7777}") for n in range(start, start + 5000)) for start in range(0, 100_000, 5000)
    ]
    started = time.process_time()
    for block in blocks:
        see(watchman, block)
        committed(store, watchman)
    assert watchman.tallies[0].events == 100_000
    assert time.process_time() - started < 10
