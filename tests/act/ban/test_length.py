"""A ban is longer each time, up to a limit, whatever the numbers are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.act.ban.firewall import LONGEST
from vigilog.act.ban.length import Lengths, length, told

SECONDS = st.floats(0, 1e12, allow_nan=False)
LENGTHS = st.builds(Lengths, time=SECONDS, factor=st.floats(1, 1e6), max_time=SECONDS, memory=SECONDS)


def test_ten_minutes_twenty_forty_and_never_more_than_a_week():
    assert [length(Lengths(), times) / 60 for times in (1, 2, 3, 4, 11, 12, 1000)] == [10, 20, 40, 80, 10080, 10080, 10080]


def test_the_first_one_may_be_the_triggers_own():
    assert [length(Lengths(), times, 60) for times in (1, 2, 3)] == [60, 120, 240]


def test_a_first_one_above_the_limit_stays_as_it_is():
    assert [length(Lengths(max_time=3600), times, 86_400) for times in (1, 2, 9)] == [86_400] * 3


@given(LENGTHS, st.integers(1, 10**9), st.none() | SECONDS)
def test_it_never_shrinks_and_stays_within_its_limits(lengths, times, first):
    one, next_one = length(lengths, times, first), length(lengths, times + 1, first)
    base = max(lengths.time if first is None else first, 1)
    assert 1 <= min(base, LONGEST) <= one <= next_one * (1 + 1e-9)
    assert next_one <= min(max(base, lengths.max_time), LONGEST)


@given(st.floats(1, 1000), st.floats(1, 3), st.integers(1, 9))
def test_it_is_the_product_where_that_is_within_the_limits(first, factor, times):
    lengths = Lengths(time=first, factor=factor, max_time=1e8)
    assert length(lengths, times) == pytest.approx(first * factor ** (times - 1))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.2, "1s"),
        (59, "59s"),
        (60, "1m"),
        (61, "1m1s"),
        (600, "10m"),
        (3600, "1h"),
        (5400, "1h30m"),
        (3601, "1h"),
        (604_800, "7d"),
        (90_000, "1d1h"),
    ],
)
def test_lengths_are_told_in_their_two_largest_units(seconds, text):
    assert told(seconds) == text
