"""durations: "90", "10m", "1h30m", "7d", "500ms" in seconds, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.config.durations import said, seconds


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("90", 90), ("0", 0), ("10m", 600), ("1h30m", 5400), ("7d", 604_800), ("500ms", 0.5), ("2w", 1_209_600), ("1m500ms", 60.5),
        (" 1h 30m ", 5400), ("10 m", 600), ("1d2h3m4s5ms", 93_784.005), ("0s", 0), ("007m", 420),
    ],
)  # fmt: skip
def test_what_durations_say(text, duration):
    assert seconds(text) == duration


@pytest.mark.parametrize(
    "text",
    ["", " ", "m", "10x", "1.5h", "-5m", "+5m", "30m1h", "1h1h", "10M", "1 0m", "5min", "1h30", "٣m", "1" * 13, "10m\n", "1e3"],
)
def test_what_is_no_duration(text):
    assert seconds(text) is None


@given(st.integers(0, 10**12))
def test_a_duration_is_read_back_as_it_was_said(milliseconds):
    assert seconds(said(milliseconds / 1000)) == milliseconds / 1000


@given(st.text("0123456789wdhms .-", max_size=12))
def test_no_text_makes_reading_fail_and_nothing_is_less_than_nothing(text):
    duration = seconds(text)
    assert duration is None or duration >= 0


@given(st.lists(st.integers(0, 999), min_size=6, max_size=6))
def test_the_parts_of_a_duration_add_up(numbers):
    text = " ".join(f"{number}{unit}" for number, unit in zip(numbers, ("w", "d", "h", "m", "s", "ms"), strict=True))
    weeks, days, hours, minutes, rest, thousandths = numbers
    whole = (((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + rest
    assert seconds(text) == (whole * 1000 + thousandths) / 1000
