"""Replay: the same alerts from past logs as from the same lines live, on the time of the lines."""

import gzip
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from vigilog.core.errors import SourceError
from vigilog.core.nouns import Alert, Order, Place, Rule
from vigilog.detect.triggers import Trigger, TriggerSet, live
from vigilog.parse.stamps import stamp
from vigilog.replay import Past, Replayed, replay
from vigilog.run.watchman import Watchman, commit
from vigilog.store.database import open_store
from vigilog.watch.options import Options
from vigilog.watch.sources import open_source


@pytest.fixture(autouse=True)
def utc(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def moment(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


NOW = moment("2026-11-20T12:00:00")


def rules(*patterns: bytes) -> tuple[Rule, ...]:
    return tuple(Rule("r", "attack", "regex", text, Place("rules", line)) for line, text in enumerate(patterns, 1))


FAIL, OK = rb"fail (?P<key>\w+)", rb"ok (?P<key>\w+)"
THREE = Trigger("three", "attack", rules(FAIL), count=3, within=100.0, actions=("ban", "mail"))
SET = TriggerSet(
    [
        Trigger("each", "attack", rules(FAIL), actions=("mail",)),
        THREE,
        Trigger("anew", "attack", rules(FAIL), rules(OK), count=2, within=300.0, anew=True),
        Trigger("ever", "attack", rules(FAIL), rules(OK), count=4),
    ]
)


def log(path, lines: Sequence[bytes]) -> str:
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return str(path)


def replayed(
    triggers: TriggerSet, *paths: str, now: float = NOW, keys: int = 1000
) -> tuple[list[tuple[Alert, list[Order]]], Replayed]:
    """What happened, and the account of it."""
    happened: list[tuple[Alert, list[Order]]] = []
    options = Options(lambda: now, "all", partial_lines=True)
    done = replay(
        triggers, [open_source(path, options) for path in paths], keys, lambda: now, lambda *each: happened.append(each)
    )
    return happened, done


def times(triggers: TriggerSet, *paths: str, now: float = NOW) -> list[str]:
    """The times of the alerts."""
    return [datetime.fromtimestamp(alert.time, UTC).isoformat()[:19] for alert, _ in replayed(triggers, *paths, now=now)[0]]


def line(at: float, word: str, key: str) -> bytes:
    return datetime.fromtimestamp(at, UTC).strftime(f"%b %e %H:%M:%S host prog: {word} {key}").encode()


steps = st.tuples(
    st.integers(0, 90), st.sampled_from(["fail", "fail", "fail", "ok", "noise"]), st.sampled_from("abc"), st.booleans()
)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@example([(0, "fail", "a", False)] * 9)
@given(st.lists(steps, max_size=40))
def test_the_alerts_are_those_of_the_same_lines_live_in_any_chunks(tmp_path_factory, story) -> None:
    """Event for event: times, keys, fields, proof; only the arrival of a line is another."""
    directory = tmp_path_factory.mktemp("replay")
    store = open_store(str(directory / "state"))
    watchman = Watchman(SET, 1000)
    now, lines, waiting, found = NOW - 86400, [], b"", []
    path = str(directory / "log")
    for seconds, word, key, ends in [*story, (0, "noise", "a", True)]:
        now += seconds
        lines.append(line(now, word, key))
        waiting += lines[-1] + b"\n"
        if ends:
            watchman.see(f"file:{path}", waiting, now, live(now))
            found += commit(store, watchman, [], {}, now)[0]
            waiting = b""
    log(directory / "log", lines)
    happened, done = replayed(SET, path)

    def plain(alert: Alert) -> tuple[object, ...]:
        return alert.rule, alert.key, alert.time, [(event.time, dict(event.fields), event.line) for event in alert.events]

    assert [plain(alert) for alert, _ in happened] == [plain(alert) for alert in found]
    assert (done.lines, done.alerts, done.events) == (len(lines), len(found), sum(tally.events for tally in watchman.tallies))
    store.close()


def test_each_alert_is_told_with_the_orders_that_it_leads_to(tmp_path) -> None:
    path = log(tmp_path / "log", [line(NOW - 50 + n, "fail", "a") for n in range(3)])
    happened, _ = replayed(SET, path)
    assert [(alert.rule, [order.action for order in orders]) for alert, orders in happened] == [
        ("each", ["mail"]),
        ("each", ["mail"]),
        ("anew", []),
        ("each", ["mail"]),
        ("three", ["ban", "mail"]),
    ]
    assert all(order.alert == alert for alert, orders in happened for order in orders)


def test_several_files_are_one_story_in_the_order_in_which_they_are_named(tmp_path) -> None:
    first = log(tmp_path / "log.1", [line(NOW - 90, "fail", "a"), line(NOW - 80, "fail", "a")])
    second = log(tmp_path / "log", [line(NOW - 70, "fail", "a")])
    happened, done = replayed(TriggerSet([THREE]), first, second)
    assert len(happened) == 1
    [(alert, _)] = happened
    assert [event.source for event in alert.events] == [f"file:{first}", f"file:{first}", f"file:{second}"]
    assert (done.lines, done.bytes) == (3, os.path.getsize(first) + os.path.getsize(second))


def test_the_files_in_the_wrong_order_are_counted_as_they_come(tmp_path) -> None:
    """What is too old for the window of what was read before counts for nothing, and nothing goes wrong."""
    old = log(tmp_path / "log.1", [line(NOW - 9000, "fail", "a"), line(NOW - 8999, "fail", "a")])
    new = log(tmp_path / "log", [line(NOW - 70, "fail", "a"), line(NOW - 69, "fail", "a"), line(NOW - 68, "fail", "a")])
    assert len(replayed(TriggerSet([THREE]), new, old)[0]) == 1


def test_a_packed_log_is_read_as_it_was(tmp_path) -> None:
    path = tmp_path / "log.2.gz"
    path.write_bytes(gzip.compress(b"".join(line(NOW - 50 + n, "fail", "a") + b"\n" for n in range(3))))
    assert len(replayed(TriggerSet([THREE]), str(path))[0]) == 1


@pytest.mark.parametrize("name", ["missing", "directory"])
def test_a_log_that_is_not_there_or_is_none_is_an_error_with_a_remedy(tmp_path, name) -> None:
    (tmp_path / "directory").mkdir()
    there = log(tmp_path / "log", [line(NOW - 5, "fail", "a")])
    with pytest.raises(SourceError) as caught:
        replayed(SET, there, str(tmp_path / name))
    assert name in str(caught.value)
    assert caught.value.remedy


def test_nothing_is_left_of_the_store_not_even_after_an_error(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = log(tmp_path / "log", [line(NOW - 5, "fail", "a")])
    replayed(SET, path)
    with pytest.raises(SourceError):
        replayed(SET, path, str(tmp_path / "missing"))
    assert [entry.name for entry in tmp_path.iterdir()] == ["log"]


def test_an_empty_log_has_no_alerts(tmp_path) -> None:
    happened, done = replayed(SET, log(tmp_path / "log", []))
    assert (happened, done) == ([], Replayed())


def test_a_last_line_without_its_newline_counts(tmp_path) -> None:
    (tmp_path / "log").write_bytes(line(NOW - 5, "fail", "a"))
    assert replayed(SET, str(tmp_path / "log"))[1].events == 4


def test_a_log_over_new_year_read_in_january_goes_on_counting(tmp_path) -> None:
    new_year = moment("2027-01-01T00:00:00")
    path = log(tmp_path / "log", [line(new_year + n, "fail", "a") for n in (-40, -1, 20)])
    assert times(TriggerSet([THREE]), path, now=new_year + 3600) == ["2027-01-01T00:00:20"]
    assert times(TriggerSet([THREE]), path, now=new_year + 200 * 86400) == ["2027-01-01T00:00:20"]


def test_the_29th_of_february_is_one_of_a_year_that_has_it(tmp_path) -> None:
    path = log(tmp_path / "log", [b"Feb 29 12:00:0%d host prog: fail a" % n for n in range(3)])
    assert times(TriggerSet([THREE]), path) == ["2024-02-29T12:00:02"]


def test_a_log_of_last_year_is_counted_on_its_own_time(tmp_path) -> None:
    path = log(tmp_path / "log", [f"2019-05-06T07:0{n}:00Z host prog: fail a".encode() for n in range(3)])
    slow = TriggerSet([Trigger("t", "attack", rules(FAIL), count=3, within=120.0)])
    assert times(slow, path) == ["2019-05-06T07:02:00"]
    quick = TriggerSet([Trigger("t", "attack", rules(FAIL), count=3, within=119.0)])
    assert times(quick, path) == []


def test_a_line_without_a_stamp_has_the_time_of_the_one_before_it(tmp_path) -> None:
    """Also where no trigger cares about that one."""
    each = TriggerSet([Trigger("each", "attack", rules(FAIL))])
    path = log(
        tmp_path / "log",
        [
            *(b"2026-11-20T08:00:00Z host prog: something else", b"  fail a", b"\tmore", b"  fail b  "),
            *(b"2026-11-20T09:00:00Z host prog: fail c", b"fail d", b"2026-11-20T10:00:00Z nothing", b"fail d", b"fail d"),
        ],
    )
    hours = [text[11:13] for text in times(each, path)]
    assert hours == ["08", "08", "09", "09", "10", "10"]


def test_the_lines_before_the_first_stamp_have_its_time(tmp_path) -> None:
    """A log may begin in the middle of something: were that counted as of now, all that follows would be too late."""
    path = log(
        tmp_path / "log", [b"fail a", b"2026-11-18T08:00:00Z host prog: fail a", b"2026-11-18T08:00:05Z host prog: fail a"]
    )
    assert times(TriggerSet([THREE]), path) == ["2026-11-18T08:00:05"]


def test_a_log_without_any_stamp_is_of_now(tmp_path) -> None:
    path = log(tmp_path / "log", [b"fail a"] * 3)
    assert times(TriggerSet([THREE]), path) == ["2026-11-20T12:00:00"]


texts = st.sampled_from([b"x", b"x x", b" x", b"y x", b"", b"fail", b"x\t"])
stamps = st.integers(0, 9).map(lambda n: b"2026-11-20T0%d:00:00Z " % n)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.one_of(st.just(b""), stamps), texts), min_size=1, max_size=25),
    st.sets(st.integers(0, 24)),
    st.sets(st.integers(0, 24)),
)
def test_the_time_of_any_line_is_that_of_the_last_stamp_up_to_it(parts, asked, cuts) -> None:
    """Whichever lines are asked for (all that are equal to it, too), and however the log comes in blocks. Before the first
    stamp of a block that is the first one it has."""
    lines = [start + text for start, text in parts]
    wanted_texts = {lines[place].rstrip() for place in asked if place < len(lines)}
    past = Past(NOW)
    known: float | None = None
    edges = sorted({0, *(cut for cut in cuts if cut < len(lines)), len(lines)})
    for begin, end in pairwise(edges):
        block = lines[begin:end]
        past.begin(b"".join(each + b"\n" for each in block))
        for place, each in enumerate(block):
            own = stamp(each, NOW)
            if own is not None:
                known = own
            if each.rstrip() in wanted_texts:
                if known is None:
                    following = [found for later in block[place:] if (found := stamp(later, NOW)) is not None]
                    known = following[0] if following else NOW
                assert past(each.rstrip()) == known


def test_lines_without_stamps_cost_no_more_than_others() -> None:
    block = b"".join(b"fail %d x\n" % (n % 3) for n in range(50_000))
    past = Past(NOW)
    started = time.process_time()
    for _ in range(3):
        past.begin(block)
        for text in block.splitlines()[::5]:
            past(text)
    assert time.process_time() - started < 10


def test_a_line_of_10_MB_is_told_of_and_harms_no_other(tmp_path) -> None:
    path = log(
        tmp_path / "log",
        [b"2026-11-20T08:00:00Z h p: fail " + b"x" * 100, b"fail " + b"y" * 10_000_000, b"2026-11-20T08:00:00Z h p: fail z"],
    )
    happened, done = replayed(TriggerSet([Trigger("each", "attack", rules(rb"fail (?P<key>[a-z])"))]), path)
    assert [alert.key for alert, _ in happened] == [("x",), ("y",), ("z",)]
    assert [notice.kind for notice in done.notices] == ["long"]


def test_a_storm_is_committed_in_batches(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("vigilog.replay.BATCH", 1 << 16)
    path = log(tmp_path / "log", [line(NOW - 5, "fail", f"k{n}") for n in range(20_000)])
    happened, done = replayed(TriggerSet([Trigger("each", "attack", rules(FAIL), actions=("ban",))]), path)
    assert [alert.key for alert, _ in happened] == [(f"k{n}",) for n in range(20_000)]
    assert {len(orders) for _, orders in happened} == {1}
    assert done.lines == 20_000
