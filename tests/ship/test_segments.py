"""The spool's files: whatever a crash leaves of them, whole blocks are there and nothing else is."""

from __future__ import annotations

import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ship.files import bounded, descriptors, directory, numbered, values
from vigilog.ship.segments import COUNT, Segments

COUNTS = st.lists(st.integers(1, 5), min_size=1, max_size=12)


def opened(path, said=None, size=COUNT * 400):
    return Segments(descriptors(path, COUNT), size, (said if said is not None else []).append)


def filled(path, counts, **options):
    segments = opened(path, **options)
    first = 1
    for count in counts:
        segments.append([numbered(first, count)])
        first += count
    return segments


def everything(segments, after=0, until=1 << 62, size=100):
    found = []
    while more := segments.read(after, until, size):
        found += values(more)
        after = more[-1].last
    return found


@bounded
@given(COUNTS, st.integers(1, 300))
def test_what_was_written_is_read_in_order_by_another_process(counts, size):
    with directory() as path:
        written = filled(path, counts)
        written.close()
        segments = opened(path)
        total = sum(counts)
        assert (segments.last, segments.waiting(0)) == (total, total)
        assert everything(segments, size=size) == list(range(1, total + 1))
        segments.close()


@bounded
@given(COUNTS, st.data())
def test_reading_begins_and_ends_where_it_is_told(counts, data):
    with directory() as path:
        segments = filled(path, counts)
        ends = [sum(counts[:index]) for index in range(len(counts) + 1)]
        after = data.draw(st.integers(0, ends[-1]))
        until = data.draw(st.sampled_from(ends))
        assert everything(segments, after, until) == list(range(after + 1, until + 1))
        segments.close()


@bounded
@given(COUNTS, st.data())
def test_a_file_cut_at_any_byte_has_the_blocks_before_the_cut(counts, data):
    with directory() as path:
        filled(path, counts, size=COUNT << 20).close()
        file = path / "segment-15"  # all are in the first one that was used
        whole = file.read_bytes()
        at = data.draw(st.integers(0, len(whole)))
        file.write_bytes(whole[:at])
        sizes = [len(segment_bytes(counts, index)) for index in range(len(counts))]
        kept = sum(counts[index] for index in range(len(counts)) if sum(sizes[: index + 1]) <= at)
        said: list[str] = []
        segments = opened(path, said)
        assert everything(segments) == list(range(1, kept + 1))
        assert bool(said) == (at not in [sum(sizes[:index]) for index in range(len(sizes) + 1)])
        assert not segments.damaged
        segments.append([numbered(segments.last + 1, 2)])
        assert everything(segments) == list(range(1, kept + 3))
        segments.close()


def segment_bytes(counts, index):
    from vigilog.ship.block import encoded

    return encoded(numbered(1 + sum(counts[:index]), counts[index]))


@bounded
@given(COUNTS, st.data())
def test_a_flipped_bit_costs_its_block_and_is_counted_and_said(counts, data):
    with directory() as path:
        filled(path, counts, size=COUNT << 20).close()
        file = path / "segment-15"
        whole = bytearray(file.read_bytes())
        bit = data.draw(st.integers(0, len(whole) * 8 - 1))
        whole[bit // 8] ^= 1 << bit % 8
        file.write_bytes(whole)
        sizes = [len(segment_bytes(counts, index)) for index in range(len(counts))]
        hit = next(index for index in range(len(counts)) if bit // 8 < sum(sizes[: index + 1]))
        lost = set(range(1 + sum(counts[:hit]), 1 + sum(counts[: hit + 1])))
        said: list[str] = []
        segments = opened(path, said)
        assert everything(segments) == [number for number in range(1, sum(counts) + 1) if number not in lost]
        # A header that is broken in the last block cannot be told from one that was never written to its end.
        assert said
        assert segments.damaged or hit == len(counts) - 1
        assert segments.damaged <= len(lost)
        segments.close()


@bounded
@given(st.binary(max_size=2000))
def test_a_file_of_anything_is_no_record(data):
    with directory() as path:
        (path / "segment-03").write_bytes(data)
        segments = opened(path)
        assert everything(segments) == []
        assert not segments.size
        segments.append([numbered(1, 3)])
        assert everything(segments) == [1, 2, 3]
        segments.close()


@bounded
@given(COUNTS, st.data())
def test_what_lies_behind_the_committed_number_is_forgotten_for_good(counts, data):
    with directory() as path:
        segments = filled(path, counts)
        after = data.draw(st.integers(0, sum(counts)))
        segments.cut(after)
        assert everything(segments) == list(range(1, after + 1))
        segments.close()
        segments = opened(path)
        assert (segments.last, everything(segments)) == (after, list(range(1, after + 1)))
        segments.append([numbered(after + 1, 4)])
        assert everything(segments) == list(range(1, after + 5))
        segments.close()


@bounded
@given(COUNTS, st.data())
def test_files_are_used_again_once_all_in_them_is_done_with(counts, data):
    with directory() as path:
        segments = opened(path)
        first = 1
        done = 0
        for count in counts * 5:
            segments.append([numbered(first, count, 100)])
            first += count
            done = data.draw(st.integers(done, first - 1))
            segments.forget(done)
            assert everything(segments, done) == list(range(done + 1, first))
        segments.forget(first - 1)
        assert segments.size < 400  # one file keeps a little
        segments.close()


@bounded
@given(COUNTS)
def test_the_oldest_is_dropped_a_file_at_a_time(counts):
    with directory() as path:
        segments = filled(path, counts * 4)
        dropped = segments.drop_oldest()
        assert dropped is not None
        assert dropped[0] == 1
        assert everything(segments) == list(range(dropped[1] + 1, sum(counts) * 4 + 1))
        segments.close()


@pytest.mark.parametrize("call", ["pwrite", "fdatasync"])
@bounded
@given(counts=COUNTS, more=COUNTS, data=st.data())
def test_a_write_that_failed_left_nothing(call, counts, more, data):
    with directory() as path, pytest.MonkeyPatch.context() as patch:
        segments = filled(path, counts)
        total = sum(counts)
        good = data.draw(st.integers(0, len(more)))
        real = getattr(os, call)
        calls = iter(range(1 << 30))

        def refusing(*given):
            if next(calls) >= good:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            if call == "pwrite" and next(calls) >= good:
                return real(given[0], given[1][: len(given[1]) // 2], given[2])  # as a disk does that is nearly full
            return real(*given)

        patch.setattr(os, call, refusing)
        blocks, first = [], total + 1
        for count in more:
            blocks.append(numbered(first, count))
            first += count
        try:
            segments.append(blocks)
            whole = first - 1
        except OSError:
            whole = total
        patch.undo()
        assert everything(segments) == list(range(1, whole + 1))
        segments.append([numbered(whole + 1, 2)])
        segments.close()
        segments = opened(path)
        assert everything(segments) == list(range(1, whole + 3))
        segments.close()
