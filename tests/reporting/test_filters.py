"""Filters over blocks of lines do what one look at each line would do."""

from __future__ import annotations

import re
import time
from bisect import bisect_right
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.config.logwatch import Filter, Logwatch
from vigilog.core.errors import RuleError
from vigilog.core.nouns import Place
from vigilog.parse.tai64n import label
from vigilog.reporting import line_filters
from vigilog.reporting.filters import Circumstances, ScriptMissing, filter_of
from vigilog.reporting.hexadecimal import between
from vigilog.reporting.log_files import braced
from vigilog.reporting.ranges import PERIODS, Range, understood
from vigilog.reporting.tai_filter import tai_filter
from vigilog.reporting.time_patterns import alternatives, stretches

NOTHING = Logwatch("/nowhere", "/nowhere", {}, (), (), (), {}, {}, ())


@pytest.fixture(params=["Europe/Berlin", "America/St_Johns", "America/Santiago", "UTC"], scope="module")
def zone(request):
    """Zones whose clocks change by an hour, at midnight, or never."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.integers(0, 0xFFFF))
def test_an_expression_for_a_range_of_numbers_has_just_these(one, other, tried):
    first, last = sorted((one, other))
    compiled = re.compile(f"(?:{between(first, last, 4)})")
    for number in {tried, first, last, max(0, first - 1), min(0xFFFF, last + 1)}:
        assert bool(compiled.fullmatch(f"{number:04x}")) is (first <= number <= last)


@given(st.integers(1_700_000_000, 1_900_000_000), st.sampled_from(PERIODS), st.integers(-90_000, 90_000))
def test_a_second_belongs_to_a_range_if_its_local_time_agrees_up_to_the_period(zone, at, period, away):
    wanted = Range("x", period, (float(at),))
    edges = [edge for span in stretches(wanted) for edge in span]
    fields = PERIODS.index(period) + 1
    tried = at + away
    same = datetime.fromtimestamp(at).timetuple()[:fields] == datetime.fromtimestamp(tried).timetuple()[:fields]  # noqa: DTZ006 - local time is meant
    assert bool(bisect_right(edges, tried) % 2) is same


@given(
    st.lists(st.integers(-100_000, 100_000), max_size=20),
    st.integers(1, 200),
    st.sampled_from(["minute", "hour", "day"]),
    st.booleans(),
)
def test_lines_of_a_range_are_kept_whatever_the_way(aways, steps, period, compat):
    begin = 1_795_113_000
    wanted = Range("x", period, tuple(float(begin + 7200 * step) for step in range(steps)))
    lines = [label(begin + away, 5) + b" line %d\n" % away for away in aways]
    edges = [edge for span in stretches(wanted) for edge in span]
    late = 10 if compat else 0
    kept = [line for line, away in zip(lines, aways, strict=True) if bisect_right(edges, begin + away + late) % 2]
    block = b"".join(lines)
    assert tai_filter(wanted, compat=compat, keep_stamps=True)(block) == b"".join(kept)
    assert tai_filter(wanted, compat=compat)(block) == b"".join(line[26:] for line in kept)


@pytest.mark.parametrize(
    "line",
    [
        b"no stamp\n",
        b"@4000000 x\n",
        label(1_795_113_000).upper() + b" x\n",
        label(1_795_113_000)[:-1] + b" x\n",
        label(1_795_113_000) + b"x\n",
        b" " + label(1_795_113_000) + b" x\n",
        label(1_795_113_000) + b"\n",
    ],
)
def test_a_line_without_a_whole_stamp_belongs_to_no_range_and_hides_no_other(line):
    wanted = Range("all", "all", (1.0,))
    good = label(1_795_113_000) + b" good\n"
    assert tai_filter(wanted)(good + line + good) == b"good\ngood\n"


def test_a_line_of_each_host_or_program_is_told_from_its_neighbours():
    block = b"Nov 19 10:00:00 one sshd\nNov 19 10:00:01 one sshd[1]: a\nNov 19 10:00:02 two\nNov 19 10:00:03 one cron: b\n"
    lines = block.splitlines(keepends=True)
    steps = [
        line_filters.only_service("sshd"),
        line_filters.multi_service("sshd,cron"),
        line_filters.remove_service("sshd"),
        line_filters.only_host("two"),
        line_filters.remove_headers(""),
        line_filters.containing("[^x]1", Place("f"), caseless=True, keep=True),
    ]
    for step in steps:
        assert step(block) == b"".join(map(step, lines))
    assert steps[0](block) == lines[1]
    assert steps[3](block) == lines[2]


@given(st.lists(st.binary(max_size=30).map(lambda text: text.replace(b"\n", b"")), max_size=8))
def test_any_bytes_in_a_block_are_the_same_as_alone(texts):
    lines = [b"Nov 19 10:00:00 one sshd[1]: " + text + b"\n" for text in texts] + [text + b"\n" for text in texts]
    known = Circumstances(Range("x", "day", (datetime(2026, 11, 19).timestamp(),)))  # noqa: DTZ001
    for name, argument in (
        ("applystddate", ""),
        ("onlyservice", "sshd"),
        ("removeheaders", ""),
        ("expandrepeats", ""),
        ("remove", "a|b$"),
    ):
        step = filter_of(Filter(name, argument, Place("f")), NOTHING, known)
        assert callable(step)
        assert step(b"".join(lines)) == b"".join(map(step, lines))


def test_a_filter_that_nobody_knows_is_an_error_and_so_is_an_argument_that_is_no_expression():
    known = Circumstances(understood("all", 0.0))
    with pytest.raises(ScriptMissing, match="Cannot find shared script nosuch"):
        filter_of(Filter("nosuch", "", Place("f", 3)), NOTHING, known)
    with pytest.raises(RuleError, match="f:3: "):
        filter_of(Filter("onlyservice", "(", Place("f", 3)), NOTHING, known)


def test_braces_hold_alternatives():
    assert braced("/a/{b,c}/{d,}x") == ["/a/b/dx", "/a/b/x", "/a/c/dx", "/a/c/x"]


def test_each_instant_is_written_once():
    day = timedelta(days=1).total_seconds()
    wanted = Range("x", "month", (0.0, day, 2 * day))
    assert len(alternatives("%Y-%m-%d", wanted)) == 1
