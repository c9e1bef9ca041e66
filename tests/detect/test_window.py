"""Counting: an alert as soon as N events of a key lie within T seconds, however they come, in bounded memory."""

import random
import time
import tracemalloc
from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vigilog.detect.window import Entry, Key, Window, Windows, counted

KEY: Key = (b"192.0.2.1",)


def entries(*times: float) -> list[Entry]:
    return [(time, number) for number, time in enumerate(times, 1)]


def raised(windows: Windows, some: Sequence[Entry], key: Key = KEY) -> list[int]:
    """The numbers of the events that raise an alert."""
    return [entry[1] for entry in some if windows.enter(key, entry)]


def windows(count: int, within: float | None, *, anew: bool = False, most: int = 1000) -> Windows:
    return Windows(count, within, anew, most)


def oracle(times: Sequence[float], count: int, within: float | None, *, anew: bool) -> list[tuple[int, list[int]]]:
    """The events (by number) that raise an alert, each with its proof: nothing is ever thrown away, all is looked at anew.

    An event raises one if it is among the newest `count` events and the oldest of these is no further than `within` from the
    newest event of all. Where one is enough, each event is one."""
    if count == 1:
        return [(number, [number]) for _, number in entries(*times)]
    kept: list[Entry] = []
    alerts = []
    for entry in entries(*times):
        kept.append(entry)
        kept.sort()
        inside = [each for each in kept if within is None or kept[-1][0] - each[0] <= within][-count:]
        if len(inside) == count and entry in inside:
            alerts.append((entry[1], [each[1] for each in inside]))
            if anew:
                kept = []
    return alerts


def silent_oracle(times: Sequence[float], count: int, within: float | None) -> list[int]:
    """The alerts of `once`: none while no more than `within` lies between an event and the newest one before it."""
    kept: list[float] = []
    last: float | None = None
    found = []
    for number, moment in enumerate(times, 1):
        if last is not None and (within is None or moment - last <= within):
            last = max(last, moment)
            continue
        last = None
        kept.append(moment)
        raised = oracle(kept, count, within, anew=False)
        if count == 1 or (raised and raised[-1][0] == len(kept)):
            found.append(number)
            last, kept = max(each for each in kept if within is None or max(kept) - each <= within), []
    return found


moments = st.one_of(st.integers(0, 30), st.sampled_from([0.0, 9.5, 10.0, 10.000001, 20.0, 100.0, -5.0]))


@settings(max_examples=500, deadline=None)
@example([0, 5, 10, 1], 2, 10.0, False)
@example([0, 100, 5], 2, 10.0, False)
@example([3, 1, 2], 3, None, True)
@given(st.lists(moments, max_size=40), st.integers(1, 6), st.sampled_from([None, 0.0, 1.0, 10.0, 25.0]), st.booleans())
def test_alerts_and_their_proof_are_those_of_somebody_who_remembers_everything(
    times: list[float], count: int, within: float | None, anew: bool
) -> None:
    made = windows(count, within, anew=anew)
    found = [(entry[1], [each[1] for each in window]) for entry in entries(*times) if (window := made.enter(KEY, entry))]
    assert found == oracle(times, count, within, anew=anew)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), moments), max_size=60), st.integers(2, 4), st.booleans())
def test_keys_are_counted_apart(some: list[tuple[int, float]], count: int, anew: bool) -> None:
    together = windows(count, 10.0, anew=anew)
    apart = {number: windows(count, 10.0, anew=anew) for number in range(5)}
    for place, (number, moment) in enumerate(some):
        key, entry = (b"%d" % number,), (moment, place)
        assert together.enter(key, entry) == apart[number].enter(key, entry)


@given(st.lists(moments, max_size=40), st.integers(1, 5), st.sampled_from([None, 0.0, 10.0]))
def test_a_window_holds_no_more_than_it_needs_in_the_order_of_time(
    times: list[float], count: int, within: float | None
) -> None:
    window: Window = ()
    for entry in entries(*times):
        window, _ = counted(window, entry, count, within, anew=False, once=False)
        assert 0 < len(window) <= count
        assert list(window) == sorted(window)
        assert within is None or window[-1][0] - window[0][0] <= within
        assert window[-1][0] == max(times[: entry[1]])


def test_the_boundary_of_the_window_is_inside() -> None:
    assert raised(windows(2, 10.0), entries(0, 10)) == [2]
    assert raised(windows(2, 10.0), entries(0, 10.001)) == []
    assert raised(windows(2, 0.0), entries(7, 7)) == [2]


def test_a_count_of_one_raises_an_alert_with_every_event_and_keeps_nothing() -> None:
    made = windows(1, 10.0)
    assert raised(made, entries(5, 0, 5, 1000, 1)) == [1, 2, 3, 4, 5]
    assert len(made) == 0


def test_keep_firing_goes_on_with_every_event_while_there_are_enough() -> None:
    assert raised(windows(3, 10.0), entries(0, 1, 2, 3, 4, 30, 31, 32)) == [3, 4, 5, 8]


def test_count_anew_begins_with_nothing_after_an_alert() -> None:
    assert raised(windows(3, 10.0, anew=True), entries(0, 1, 2, 3, 4, 5, 6)) == [3, 6]


def test_without_a_time_limit_events_count_whenever_they_were() -> None:
    assert raised(windows(3, None), entries(0, 1e6, 1e9)) == [3]


def test_an_event_that_comes_late_takes_its_place_in_time() -> None:
    assert raised(windows(3, 10.0), entries(0, 10, 5)) == [3]
    assert windows(2, 10.0).enter(KEY, (3, 1)) is None


def test_an_event_that_comes_too_late_counts_for_nothing() -> None:
    made = windows(2, 10.0)
    assert raised(made, entries(100, 89, 88)) == []
    assert raised(made, [(109, 4)]) == [4]


def test_a_reset_forgets_its_key_and_no_other() -> None:
    made = windows(2, 10.0)
    made.enter((b"a",), (0, 1))
    made.enter((b"b",), (0, 2))
    made.reset((b"a",))
    made.reset((b"never seen",))
    assert made.enter((b"a",), (1, 3)) is None
    assert made.enter((b"b",), (1, 4))


def test_expiring_forgets_what_can_count_no_more_and_changes_no_alert() -> None:
    made = windows(2, 10.0)
    made.enter((b"old",), (89.0, 1))
    made.enter((b"at the boundary",), (90.0, 2))
    made.enter((b"new",), (100.0, 3))
    made.expire(100.0)
    assert len(made) == 2
    assert made.enter((b"at the boundary",), (100.0, 4))
    assert made.dropped == 0


def test_without_a_time_limit_nothing_expires() -> None:
    made = windows(2, None)
    made.enter(KEY, (0, 1))
    made.expire(1e12)
    assert len(made) == 1


def test_beyond_the_limit_the_key_not_seen_for_the_longest_time_is_dropped_and_counted() -> None:
    made = windows(2, 100.0, most=3)
    for number, name in enumerate([b"a", b"b", b"c", b"a", b"d"]):
        made.enter((name,), (number, number))
    assert (len(made), made.dropped) == (3, 1)
    assert made.enter((b"b",), (6, 6)) is None
    assert made.enter((b"a",), (7, 7))


def test_a_dropped_key_that_could_count_no_more_is_no_loss() -> None:
    made = windows(2, 10.0, most=2)
    for number, name in enumerate([b"a", b"b", b"c"]):
        made.enter((name,), (number * 100, number))
    assert (len(made), made.dropped) == (2, 0)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 50)), max_size=150), st.integers(1, 12), st.booleans())
def test_there_are_never_more_keys_than_allowed_and_the_same_events_end_the_same(
    some: list[tuple[int, int]], most: int, anew: bool
) -> None:
    one, other = windows(3, 20.0, anew=anew, most=most), windows(3, 20.0, anew=anew, most=most)
    for number, (key, moment) in enumerate(some):
        assert one.enter((b"%d" % key,), (moment, number)) == other.enter((b"%d" % key,), (moment, number))
        assert len(one) <= most
    assert (len(one), one.dropped) == (len(other), other.dropped)


@pytest.mark.parametrize("within", [600.0, None])
def test_a_flood_of_distinct_keys_keeps_memory_at_the_limit(within: float | None) -> None:
    made = windows(5, within, most=10_000)
    for number in range(30_000):
        made.enter((b"%d" % number,), (number / 1e5, number))
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    started = time.process_time()
    for number in range(30_000, 130_000):
        made.enter((b"%d" % number,), (number / 1e5, number))
    seconds = time.process_time() - started
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(made) <= 10_000
    assert made.dropped == 130_000 - len(made)
    assert most - before < 10_000 * 1000
    assert seconds < 20, "a few microseconds for each, tracing included"


def test_a_flood_that_expires_as_fast_as_it_comes_is_not_looked_through_with_every_event() -> None:
    """Were all keys looked at for each new one, this would take minutes."""
    made = windows(2, 100.0, most=100_000)
    started = time.process_time()
    for number in range(200_000):
        made.enter((b"%d" % number,), (number / 900.0, number))
    assert time.process_time() - started < 10
    assert made.dropped == 0


def test_a_large_count_costs_little_for_each_event() -> None:
    made = windows(5000, None)
    started = time.process_time()
    alerts = raised(made, entries(*range(10_000)))
    assert len(alerts) == 5001
    assert time.process_time() - started < 5


def test_equal_times_stand_in_the_order_of_their_coming() -> None:
    window = windows(3, 10.0)
    proof = [window.enter(KEY, entry) for entry in entries(5, 5, 5)][-1]
    assert proof is not None
    assert [entry[1] for entry in proof] == [1, 2, 3]


def test_the_order_of_events_decides_and_nothing_else() -> None:
    chance = random.Random(7)
    some = [((b"%d" % chance.randrange(50),), (chance.randrange(500), number)) for number in range(5000)]
    runs = []
    for _ in range(2):
        made = windows(4, 60.0, anew=True, most=30)
        runs.append([made.enter(key, entry) for key, entry in some])
    assert runs[0] == runs[1]
    assert any(runs[0])


def test_once_means_no_other_alert_until_the_key_was_silent_for_as_long_as_the_window():
    windows = Windows(3, 10.0, False, 100, once=True)
    times = [0, 1, 2, 3, 4, 5, 14, 24, 35, 36, 37, 38]
    alerts = [time for number, time in enumerate(times, 1) if windows.enter((b"a",), (float(time), number))]
    assert alerts == [2, 37], "24 is within 10 s of 14; 35 is not of 24, and is the first of a new count"
    assert list(windows.numbers()) == list(windows.silent()) == [12], "so that a restart knows"


def test_once_holds_for_every_event_of_a_count_of_one_and_ends_with_a_reset():
    windows = Windows(1, None, False, 100, once=True)
    assert [bool(windows.enter((b"a",), (float(time), time))) for time in range(1, 5)] == [True, False, False, False]
    assert windows.enter((b"b",), (9.0, 9))
    windows.reset((b"a",))
    assert windows.enter((b"a",), (10.0, 10))


@settings(max_examples=300, deadline=None)
@given(st.lists(moments, max_size=40), st.integers(1, 4), st.sampled_from([None, 0.0, 10.0, 25.0]))
def test_the_alerts_of_once_are_those_of_somebody_who_remembers_everything(times, count, within) -> None:
    assert raised(Windows(count, within, anew=False, most=10, once=True), entries(*times)) == silent_oracle(
        times, count, within
    )


def test_keys_that_are_silent_are_bounded_like_all_others() -> None:
    """With a count of one, every new key is one."""
    made = Windows(1, None, anew=False, most=100, once=True)
    for number in range(1000):
        assert made.enter((b"%d" % number,), (float(number), number))
        assert len(made) <= 100
    assert made.dropped == 1000 - len(made)


def test_a_key_that_was_silenced_before_is_silent_only_where_that_is_asked_for() -> None:
    for once in (True, False):
        made = Windows(2, 10.0, anew=False, most=10, once=once)
        made.silence(KEY, (100.0, 7))
        assert bool(raised(made, [(101.0, 8), (102.0, 9)])) is not once
