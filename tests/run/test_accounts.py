"""The daemon's account: what was read, done and said, in numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.core.nouns import Alert, Notice, Order, Outcome
from vigilog.run.accounts import KEPT, MINUTE, Accounts, processor_seconds
from vigilog.run.status import ActionStatus, NoticeStatus, SourceStatus


class Time:
    """A clock that is set by hand."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Time(1000.0)


@pytest.fixture
def accounts(clock):
    return Accounts(clock, started=1000.0)


def outcome(action: str, reason: str, *, done: bool) -> Outcome:
    return Outcome(Order(1, action, Alert("rule", (), 0.0, (), 0)), done, reason)


def test_each_source_has_its_lines_bytes_and_the_arrival_of_the_last(accounts) -> None:
    accounts.read("file:/a", "resumable", b"one\ntwo\n", 1001.0)
    accounts.read("syslog", "received", b"x\n", 1002.0)
    accounts.read("file:/a", "resumable", b"three\n", 1003.0)
    assert accounts.source_statuses([("syslog", "received", None), ("file:/a", "resumable", 12)]) == (
        SourceStatus("syslog", "received", 1, 2, None, 1002.0),
        SourceStatus("file:/a", "resumable", 3, 14, 12, 1003.0),
    )


def test_a_source_that_said_nothing_yet_is_there_with_nothing(accounts) -> None:
    assert accounts.source_statuses([("file:/quiet", "resumable", 0)]) == (
        SourceStatus("file:/quiet", "resumable", 0, 0, 0, None),
    )


def test_each_action_has_what_it_did_and_did_not_and_the_last_reason(accounts) -> None:
    for reason, done in (("banned a", True), ("never banned: ours", False), ("banned b", True)):
        accounts.ended(outcome("ban", reason, done=done))
    assert accounts.action_statuses([("ban", "ban", 3), ("mail", "mail", 0)]) == (
        ActionStatus("ban", "ban", 3, 2, 1, "banned b"),
        ActionStatus("mail", "mail"),
    )


def test_an_action_that_is_not_there_any_more_is_not_told(accounts) -> None:
    accounts.ended(outcome("gone", "x", done=True))
    assert accounts.action_statuses([]) == ()


def test_the_last_notices_are_kept_with_their_time_and_all_are_counted(accounts, clock) -> None:
    for number in range(KEPT + 7):
        clock.now = 1000.0 + number
        accounts.notice("store", f"text {number}")
    accounts.noticed(Notice("shrank", "file:/a", "it became shorter"))
    assert accounts.notices_total == KEPT + 8
    assert len(accounts.notices) == KEPT
    assert accounts.notices[0] == NoticeStatus(1008.0, "store", "text 8")
    assert accounts.notices[-1] == NoticeStatus(1000.0 + KEPT + 6, "shrank", "it became shorter")


def test_rates_begin_with_the_start(accounts, clock) -> None:
    accounts.read("a", "resumable", b"x\n" * 50, 1001.0)
    clock.now = 1010.0
    assert accounts.rates(20) == (5.0, 2.0)


def test_rates_are_means_over_about_the_last_minute(accounts, clock) -> None:
    """A hundred lines a second for a minute, then ten a second for another one."""
    events = 0
    for second in range(1, 121):
        clock.now = 1000.0 + second
        lines = 100 if second <= 60 else 10
        accounts.read("a", "resumable", b"x\n" * lines, clock.now)
        events += lines // 10
        lines_rate, events_rate = accounts.rates(events)
        if second in (1, 30, 60):
            assert (lines_rate, events_rate) == (100.0, 10.0)
    assert lines_rate == pytest.approx(10.0, abs=2.0)
    assert events_rate == pytest.approx(1.0, abs=0.2)


def test_a_clock_that_is_set_back_gives_no_nonsense(accounts, clock) -> None:
    accounts.read("a", "resumable", b"x\n", 1001.0)
    clock.now = 900.0
    assert accounts.rates(5) == (0.0, 0.0)


def test_a_reload_without_a_trigger_makes_no_rate_negative(accounts, clock) -> None:
    clock.now = 1010.0
    accounts.rates(100)
    clock.now = 1080.0
    assert accounts.rates(3) == (0.0, 0.0)


@given(st.lists(st.tuples(st.floats(0, 200), st.integers(0, 50), st.integers(0, 9)), max_size=60))
def test_rates_are_what_came_in_the_time_since_some_earlier_moment(steps) -> None:
    clock = Time(1000.0)
    accounts = Accounts(clock, 1000.0)
    points = [(1000.0, 0, 0)]
    for seconds, lines, events in steps:
        clock.now += seconds
        accounts.read("a", "resumable", b"x\n" * lines, clock.now)
        points.append((clock.now, points[-1][1] + lines, points[-1][2] + events))
        found = accounts.rates(points[-1][2])
        now, all_lines, all_events = points[-1]
        candidates = [
            ((all_lines - then[1]) / (now - then[0]), (all_events - then[2]) / (now - then[0]))
            for then in points
            if then[0] < now
        ]
        assert found in candidates or found == (0.0, 0.0)
        assert len(accounts._rates) <= len([point for point in points if point[0] >= now - MINUTE]) + 1


def test_the_processor_time_of_this_process_grows() -> None:
    before = processor_seconds()
    sum(range(2_000_000))
    assert processor_seconds() > before
