"""The lines of a range that services count, however the log is cut into blocks."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from vigilog.parse.stamps import stamp
from vigilog.reporting.counted import from_stamps, of_range
from vigilog.reporting.ranges import Range

NOW = 1_795_000_000.0
MOMENT = partial(stamp, arrived=NOW)
DAY = Range("2026/11/11", "day", (1_794_398_400.0,))
LINES = st.lists(
    st.sampled_from(
        [
            b"2026-11-10T10:00:00+00:00 gate sshd[1]: other\n",
            b"2026-11-11T10:00:00+00:00 gate sshd[1]: wanted\n",
            b"\tat the line before\n",
            b"\n",
        ]
    ),
    max_size=30,
)


def chosen(blocks, wanted):
    return b"".join(map(of_range(wanted, MOMENT), from_stamps(blocks, MOMENT)))


@given(LINES, st.lists(st.integers(0, 30), max_size=5))
def test_a_line_without_a_stamp_goes_with_the_one_before_it_over_the_edges_of_blocks(lines, cuts):
    edges = [0, *sorted(cuts), len(lines)]
    blocks = [b"".join(lines[begin:end]) for begin, end in pairwise(edges)]
    assert b"".join(from_stamps(blocks, MOMENT)) == b"".join(lines)
    assert chosen(blocks, DAY) == chosen([b"".join(lines)], DAY)


def test_what_follows_a_line_of_the_range_is_of_the_range():
    wanted, more = b"2026-11-11T10:00:00+00:00 gate a: wanted\n", b"  more of it\n"
    other = b"2026-11-10T10:00:00+00:00 gate a: other\n"
    assert chosen([other, more, wanted, more, more + other, more], DAY) == wanted + more + more
