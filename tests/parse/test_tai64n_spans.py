"""Whole blocks of stamped lines that lie in a range are told at once; where it says so, every line is in the range."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.parse import tai64n
from vigilog.parse.tai64n_spans import within

SECONDS = st.integers(0, 60)
SPANS = st.lists(SECONDS, unique=True, max_size=6).map(lambda edges: list(zip(*[iter(sorted(edges))] * 2, strict=False)))
TEXTS = st.binary(max_size=10).filter(lambda text: b"\n" not in text)


@given(SPANS, st.lists(st.tuples(SECONDS, TEXTS), max_size=8), st.booleans())
def test_a_block_is_within_only_if_each_of_its_lines_is(spans, moments, ended):
    block = b"\n".join(tai64n.label(second, 5) + b" " + text for second, text in moments) + (
        b"\n" if moments and ended else b""
    )
    inside = [any(first <= second < end for first, end in spans) for second, _ in moments]
    if within(spans)(block):
        assert all(inside)
    elif moments:
        same = any(all(first <= second < end for second, _ in moments) for first, end in spans)
        assert not same


@pytest.mark.parametrize("line", [b"", b"hello", b"@", b"@400", b"2026-11-20 hello", b"~"])
def test_a_line_without_a_stamp_is_not_within(line):
    inside = within([(0, 100)])
    assert inside(tai64n.label(5) + b" a\n")
    assert not inside(tai64n.label(5) + b" a\n" + line + b"\n" + tai64n.label(6) + b" b\n")


def test_the_edges_are_the_first_second_and_the_one_behind_the_last():
    inside = within([(10, 20)])
    assert inside(tai64n.label(10, 0) + b" a\n" + tai64n.label(19, 999_999_999) + b" b\n")
    assert not inside(tai64n.label(9, 999_999_999) + b" a\n")
    assert not inside(tai64n.label(20, 0) + b" a\n")


def test_long_blocks_are_looked_at_to_their_end():
    line = tai64n.label(15) + b" " + b"x" * 1000 + b"\n"
    inside = within([(10, 20)])
    assert inside(line * 1000)
    assert inside(line * 1000 + line[:-1])
    assert inside(tai64n.label(15) + b" " + b"x" * 1_000_000 + b"\n" + line)
    assert not inside(line * 1000 + tai64n.label(25) + b" late\n")


def test_spans_without_bounds_hold_every_label():
    assert within([(-(2**62), 2**62)])(tai64n.label(0) + b" a\n")
