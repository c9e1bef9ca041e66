"""Pictures of a section: which there are, that they count right, and that no text of a log disturbs them."""

from __future__ import annotations

import struct
import time
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.report import html_drawing
from vigilog.report.html_pictures import NARROW, WIDE, by_weekday, local_seconds, local_series, pictures, ranking
from vigilog.report.section import Section, Series, Table

HOUR, DAY = 3600, 86_400
MONDAY = 1_794_787_200.0
"""Monday, 2026-11-16 00:00 UTC."""
HOSTILE = ("$x^2$", "$\\frac{", "\x1b[2J", "\u202egnp", "汉字", "\udcff", "a" * 500, "", "%s{}")


@pytest.fixture
def zone(monkeypatch):
    def set_zone(name):
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield set_zone
    monkeypatch.undo()
    time.tzset()


def size(png):
    assert png.startswith(b"\x89PNG\r\n")
    return struct.unpack(">II", png[16:24])


def test_events_of_a_day_and_tables_worth_it_are_drawn(zone):
    zone("UTC")
    events = Series("Queries", tuple((MONDAY + number * 600, number) for number in range(144)))
    clients = Table("Clients", ("client", "count"), (("192.0.2.1", 5), ("192.0.2.2", 1)), 5, drawn=True)
    others = Table("Others", ("what", "count"), (("x", 5),))
    drawn = pictures(Section("x", "X", (clients, others), (), (events,), 1), (MONDAY, MONDAY + DAY))
    assert [(each.words, each.width) for each in drawn] == [
        ("Queries over time: 10,296 in all", WIDE),
        ("Clients: 192.0.2.1 5, 192.0.2.2 1", NARROW),
    ]
    assert all(min(size(each.png)) > 100 for each in drawn)


def test_more_than_a_day_has_a_picture_of_hours_and_weekdays(zone):
    zone("UTC")
    events = Series("Queries", ((MONDAY, 1), (MONDAY + DAY, 2)))
    drawn = pictures(Section("x", "X", (), (), (events,), 1))
    assert [each.words for each in drawn] == ["Queries over time: 3 in all", "Queries by weekday and hour"]


def test_nothing_to_draw_is_no_picture():
    tables = (Table("T", ("a", "b"), (), drawn=True), Table("One", ("a", "b"), (("alone", 7),), drawn=True))
    assert pictures(Section("x", "X", tables, (), (Series("S", ()),), 1)) == []


def test_weekdays_are_averages_by_the_clock_on_the_wall(zone):
    zone("Europe/Berlin")
    points = ((MONDAY + 9 * HOUR, 6), (MONDAY + 23 * HOUR, 5), (MONDAY + 7 * DAY + 9 * HOUR, 2))
    grid = by_weekday(local_series(Series("S", points)))
    assert (grid[0][10], grid[1][0]) == (4.0, 5.0)
    assert sum(map(sum, grid)) == 9.0


def test_hours_before_the_first_event_and_behind_the_last_make_no_average_smaller(zone):
    zone("UTC")
    points = ((MONDAY + 9 * HOUR, 6), (MONDAY + 7 * DAY, 2))
    grid = by_weekday(local_series(Series("S", points)))
    assert (grid[0][9], grid[0][0]) == (6.0, 2.0)


def test_the_hour_that_comes_twice_is_counted_together(zone):
    zone("Europe/Berlin")
    first = 1_792_890_000.0  # 2026-10-25 03:00 summer time
    assert local_seconds(first - 1800) == local_seconds(first + 1800)
    assert len(local_series(Series("S", ((first - 1800, 1), (first + 1800, 2)))).points) == 1


@given(
    st.lists(st.tuples(st.integers(0, 4 * 10**9).map(float), st.integers(0, 99)), max_size=30, unique_by=lambda each: each[0])
)
def test_local_times_lose_no_event(points):
    local = local_series(Series("S", tuple(sorted(points))))
    assert sum(count for _, count in local.points) == sum(count for _, count in points)
    assert [at for at, _ in local.points] == sorted({at for at, _ in local.points})


@pytest.mark.parametrize("days", [1 / 144, 1, 3, 40, 400, 4000])
def test_any_stretch_of_time_can_be_drawn(days):
    points = tuple((MONDAY + part * days * DAY / 10, part + 1) for part in range(10))
    assert size(html_drawing.over_time([Series("S", points)], None))
    assert size(html_drawing.over_time([Series("S", points)], (MONDAY, MONDAY + 1)))


def test_text_of_logs_is_drawn_as_it_is_and_in_silence():
    table = Table("$T$", ("what", "count"), tuple((word, 3) for word in HOSTILE), drawn=True)
    rows = ranking(table)
    assert all(len(word) <= 26 and word.isprintable() for word, _ in rows)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert size(html_drawing.bars("$T$ \\frac", rows))
        assert size(html_drawing.weekdays("$", [[0.0] * 24] * 7, ("Mon",) * 7))
