"""Blocks: what is offered comes back from bytes as it was, in any order of topics, and no damage passes for a record."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vigilog.ship.block import HEADER, batches, block, blocks, decoded, encoded, header, intact, messages, part
from vigilog.ship.record import Record

RECORDS = st.lists(
    st.builds(
        Record,
        topic=st.sampled_from(["access", "auth", "größe"]),
        key=st.none() | st.binary(max_size=4),
        value=st.binary(max_size=30),
    ),
    min_size=1,
    max_size=30,
)
FIRST = st.integers(1, 1 << 60)


def plain(records):
    return [tuple(record) for record in records]


@given(RECORDS, FIRST)
def test_records_come_back_as_they_were(records, first):
    data = encoded(block(first, batches(records)))
    found = header(data)
    assert found is not None
    assert (found.first, found.last) == (first, first + len(records) - 1)
    assert intact(found, data[HEADER:])
    assert messages(decoded(found, data[HEADER:])) == plain(records)


@given(RECORDS, FIRST, st.data())
def test_a_part_of_a_block_has_the_records_of_these_numbers(records, first, data):
    begin = data.draw(st.integers(0, len(records) - 1))
    end = data.draw(st.integers(begin + 1, len(records)))
    found = part(block(first, batches(records)), first + begin - 1, first + end - 1)
    assert (found.first, found.last) == (first + begin, first + end - 1)
    assert messages(found) == plain(records[begin:end])


@given(RECORDS, FIRST, st.integers(1, 10), st.integers(40, 400))
def test_a_large_offer_becomes_several_blocks_with_the_numbers_of_one(records, first, most, size):
    found = blocks(first, batches(records), records=most, size=size)
    assert [message for each in found for message in messages(each)] == plain(records)
    assert all(each.records <= most for each in found)
    assert all(each.size <= size or each.records == 1 for each in found)
    assert [each.first for each in found] == [first, *(each.last + 1 for each in found[:-1])]


@given(RECORDS, FIRST, st.data())
def test_no_flipped_bit_goes_unseen(records, first, data):
    whole = bytearray(encoded(block(first, batches(records))))
    bit = data.draw(st.integers(0, len(whole) * 8 - 1))
    whole[bit // 8] ^= 1 << bit % 8
    found = header(bytes(whole))
    assert found is None or not intact(found, bytes(whole[HEADER:]))
