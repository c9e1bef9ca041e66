"""Cutting bytes into records: whatever the bytes, the blocks and the limit, nothing is lost, doubled or torn."""

from __future__ import annotations

from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.watch import records
from vigilog.watch.records import Rest, cut

TEXT = st.lists(st.binary(max_size=30).map(lambda part: part.replace(b"\n", b"") + b"\n") | st.binary(max_size=40)).map(
    b"".join
)


def pieces(data, block, limit, *, start=0, end=None, held=b"", inside=False):
    with mock.patch.multiple(records, BLOCK=block, LIMIT=limit, TAIL=5):
        return list(
            cut(
                lambda offset, size: data[offset : offset + size],
                start,
                len(data) if end is None else end,
                data[max(0, start - 5) : start],
                held=held,
                inside=inside,
            )
        )


def joined(items):
    return b"".join(item.data[:-1] if not isinstance(item, Rest) and item.piece else item.data for item in items)


@given(TEXT, st.integers(1, 40), st.integers(1, 60))
def test_all_bytes_come_once_and_in_order(data, block, limit):
    *cuts, rest = pieces(data, block, max(block, limit))
    assert joined([*cuts, rest]) == data
    assert not rest.changed
    assert b"\n" not in rest.data
    assert rest.end == len(data)


@given(TEXT, st.integers(1, 40), st.integers(1, 60))
def test_a_cut_ends_with_a_newline_and_only_records_over_the_limit_travel_in_pieces(data, block, limit):
    limit = max(block, limit)
    *cuts, rest = pieces(data, block, limit)
    inside = False
    for item in cuts:
        assert item.data.endswith(b"\n")
        assert len(item.data) <= limit + 1
        if item.piece or inside:
            assert item.data.count(b"\n") == 1
        if item.piece:
            assert len(item.data) == limit + 1
        inside = item.piece
    assert rest.inside == inside
    longest = max(map(len, data.split(b"\n")))
    assert any(item.piece for item in cuts) == (longest > limit)


@given(TEXT, st.integers(1, 40), st.integers(1, 60))
def test_cutting_resumes_behind_any_cut(data, block, limit):
    limit = max(block, limit)
    items = pieces(data, block, limit)
    for index, item in enumerate(items[:-1]):
        assert joined(pieces(data, block, limit, start=item.end, inside=item.piece)) == joined(items[index + 1 :])
        assert item.before == data[max(0, item.end - 5) : item.end]


@given(st.binary(max_size=30).map(lambda held: held.replace(b"\n", b"")), TEXT, st.integers(1, 40), st.integers(1, 60))
def test_a_record_begun_in_another_file_is_put_together(held, data, block, limit):
    limit = max(block, limit, len(held))
    items = pieces(data, block, limit, held=held)
    assert joined(items) == held + data
    assert all(len(item.data) <= limit + 1 for item in items)


def test_a_record_begun_in_another_file_with_just_the_limit_goes_on_in_a_piece():
    first, last, rest = pieces(b"2\n", 1, 1, held=b"1")
    assert (first.data, first.piece, first.end) == (b"1\n", True, 0)
    assert (last.data, last.piece, rest.data) == (b"2\n", False, b"")


@given(TEXT, st.integers(0, 100), st.integers(1, 40))
def test_nothing_behind_the_end_is_read(data, end, block):
    end = min(end, len(data))
    assert joined(pieces(data, block, 60, end=end)) == data[:end]


@pytest.mark.parametrize("now", [b"", b"one\n", b"one\nTWO\nthree\n", b"one\ntwo\nthr"])
def test_a_file_that_was_cut_or_rewritten_before_the_next_block_is_noticed(now):
    data = b"one\ntwo\nthree\n"
    with mock.patch.multiple(records, BLOCK=8, TAIL=5):
        items = cut(lambda offset, size: data[offset : offset + size], 0, len(data), b"")
        assert next(items).data == b"one\ntwo\n"
        data = now
        assert list(items) == [Rest(b"", 8, b"\ntwo\n", inside=False, changed=True)]


def test_an_end_before_the_start_is_a_file_that_was_cut():
    (rest,) = cut(lambda offset, size: b"one\n"[offset : offset + size], 100, 4, b"")
    assert rest == Rest(b"", 100, b"", inside=False, changed=True)
