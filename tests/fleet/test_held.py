"""One key of the fleet is counted as a host counts it, whatever comes a second time, and is forgotten when that changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count as numbers

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigilog.detect.window import Windows
from vigilog.fleet import held
from vigilog.fleet.held import AHEAD, GRID, LINES, MOST_MARKS, Counted, Counting, Held, Uncounted, packed, unpacked, until
from vigilog.fleet.messages import Sighted

START = 1_000_000.0
DAY = 86_400.0


def how(threshold: int, within: float | None, *, anew: bool = False, once: bool = False, grace: float = DAY) -> Counting:
    return Counting(threshold, within, anew, once, grace, 30 * DAY)


def event(time: float, number: int, origin: str = "o", *, clears: bool = False, line: str = "a line") -> Sighted:
    return Sighted("t", ("k",), time, time, f"host of {origin}", "auth", line, {"address": "k"}, origin, number, clears)


def run(some: Iterable[Sighted], counting: Counting, arrived: float = START + DAY / 2) -> list[list[int]]:
    """The offsets that prove each alert; what is held goes through its bytes each time."""
    state = packed(Held())
    alerts = []
    for offset, each in enumerate(some):
        done = held.count(unpacked(state), each, offset, arrived, counting)
        if isinstance(done, Counted):
            state = packed(done.held)
            if done.proof:
                alerts.append([number for _, number in done.proof])
    return alerts


countings = st.builds(
    lambda threshold, within, after: how(threshold, within, anew=after == "anew", once=after == "once"),
    st.integers(1, 4),
    st.sampled_from([None, 5.0, 20.0]),
    st.sampled_from(["keep", "anew", "once"]),
)
moments = st.integers(0, 60).map(lambda second: START + second)


def sightings(some: Iterable[tuple[float, str, bool]]) -> list[Sighted]:
    counters = {origin: numbers(1) for origin in "abc"}
    return [event(time, next(counters[origin]), origin, clears=clears) for time, origin, clears in some]


@settings(deadline=None)
@given(st.lists(st.tuples(moments, st.sampled_from("abc"), st.integers(0, 9).map(lambda n: n == 0)), max_size=40), countings)
def test_the_fleet_counts_as_a_host_does(some, counting):
    windows = Windows(counting.threshold, counting.within, counting.anew, 100, counting.once)
    expected = []
    for offset, (time, _, clears) in enumerate(some):
        if clears:
            windows.reset((b"k",))
        elif proof := windows.enter((b"k",), (time, offset)):
            expected.append([number for _, number in proof])
    assert run(sightings(some), counting) == expected


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.tuples(moments, st.sampled_from("abc"), st.integers(0, 5).map(lambda n: n == 0)), min_size=1, max_size=25),
    countings,
    st.data(),
)
def test_what_comes_again_changes_nothing(some, counting, data):
    """A host that crashed sends again what it had sent last, in its order, then goes on."""
    once = sightings(some)
    again, places = [], []
    for place, each in enumerate(once):
        again.append(each)
        places.append(place)
        former = [other for other in once[: place + 1] if other.origin == each.origin]
        repeated = data.draw(st.integers(0, 3))
        again += former[len(former) - repeated :] if repeated else []
        places += [-1] * (len(again) - len(places))
    found = [[places[offset] for offset in alert] for alert in run(again, counting)]
    assert found == run(once, counting)


quarters = st.integers(0, 16).map(lambda number: number * GRID / 4)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.tuples(quarters, quarters, st.sampled_from("ab"), st.booleans()), max_size=15),
    countings,
    st.sampled_from([GRID / 4, GRID]),
    st.sampled_from([0.0, GRID / 4, 2 * GRID]),
)
def test_a_key_is_forgotten_only_when_that_changes_nothing(some, counting, within, grace):
    """`some`: when each event came, how long before that it happened, where, and whether it comes twice."""
    counting = counting._replace(within=within, grace=grace)
    alerts: dict[bool, list[list[int]]] = {}
    for forgetting in (False, True):
        state, end, found = Held(), START, []
        counters = {origin: numbers(1) for origin in "ab"}
        offset = 0
        for came, late, origin, twice in sorted(some):
            arrived = START + came
            each = event(arrived - late, next(counters[origin]), origin)
            for _ in range(1 + twice):
                offset += 1
                done = held.count(Held() if forgetting and end <= arrived else state, each, offset, arrived, counting)
                if isinstance(done, Counted):
                    state, end = done.held, until(done.held, counting)
                    found += [[number for _, number in done.proof]] if done.proof else []
        alerts[forgetting] = found
    assert alerts[True] == alerts[False]


def test_a_key_whose_window_is_over_is_forgotten():
    done = held.count(Held(), event(START, 1), 0, START, how(3, 600.0, grace=100.0))
    assert isinstance(done, Counted)
    assert START + 700 < until(done.held, how(3, 600.0, grace=100.0)) <= START + 700 + GRID


def test_an_event_that_comes_too_late_is_not_counted():
    counting = how(2, 600.0, grace=100.0)
    assert held.count(Held(), event(START, 1), 0, START + 100, counting) is not Uncounted.LATE
    assert held.count(Held(), event(START, 1), 0, START + 100.01, counting) is Uncounted.LATE


def test_an_event_late_within_the_grace_takes_its_place_in_time():
    some = [event(START, 1, "a"), event(START + 10, 1, "b"), event(START + 5, 1, "c")]
    assert run(some, how(3, 10.0)) == [[0, 2, 1]]


def test_a_host_whose_clock_is_far_ahead_makes_nobody_look_old():
    wrong = event(START + 10 * DAY, 1, "wrong")
    done = held.count(Held(), wrong, 0, START, how(2, 600.0))
    assert isinstance(done, Counted)
    assert done.time == START
    assert done.held.window == ((START, 0),)
    believed = held.count(Held(), event(START + AHEAD, 1), 0, START, how(2, 600.0))
    assert isinstance(believed, Counted)
    assert believed.time == START + AHEAD


def test_a_reset_that_comes_again_does_not_clear_what_came_after_it():
    reset = event(START + 1, 2, "a", clears=True)
    some = [event(START, 1, "a"), reset, event(START + 2, 1, "b"), reset, event(START + 3, 2, "b")]
    assert run(some, how(2, 600.0)) == [[2, 4]]


def test_what_is_held_is_bounded_whatever_is_sent():
    counting = how(50, None)
    state = Held()
    for number in range(1000):
        done = held.count(state, event(START, number, f"host {number}", line="x" * 100_000), number, START, counting)
        assert isinstance(done, Counted)
        state = done.held
    assert len(state.window) == 50
    assert len(state.marks) <= MOST_MARKS
    assert sum(bool(fact.line) for fact in state.facts.values()) == LINES
    assert len(packed(state)) < 40_000


def test_marks_go_when_what_they_know_would_be_too_late():
    counting = how(1, 600.0, grace=100.0)
    first = held.count(Held(), event(START, 1, "gone"), 0, START, counting)
    assert isinstance(first, Counted)
    second = held.count(first.held, event(START + 101, 1, "here"), 1, START + 101, counting)
    assert isinstance(second, Counted)
    assert set(second.held.marks) == {"here"}


@pytest.mark.parametrize("damaged", [b"", b"\x93\x01", b"rubbish"])
def test_a_damaged_state_is_seen(damaged):
    import msgspec

    with pytest.raises(msgspec.DecodeError):
        unpacked(damaged)
