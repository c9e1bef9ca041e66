"""From pieces of output to lines: whatever the pieces, whoever wrote between, and wherever something was lost."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as some

from vigilog.blackbox.around_drained import Lost, Record
from vigilog.blackbox.around_lines import CUT, LONGEST, Block, Lines

TEXT = some.binary(max_size=12).map(lambda data: data.replace(b"\n", b"-"))


def cut_up(data, places):
    """`data` in pieces."""
    places = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(places) if start < end]


def of(blocks, process=0):
    return b"".join(block.lines for block in blocks if block.process == process)


@given(some.lists(TEXT), some.lists(some.integers(0, 1000)))
def test_the_same_lines_come_out_however_they_were_read(lines, places):
    data = b"".join(line + b"\n" for line in lines)
    made = Lines()
    blocks = [block for piece in cut_up(data, places) for block in made.blocks([Record(0, 0, piece)])]
    assert of(blocks) == data
    assert all(block.lines.endswith(b"\n") for block in blocks)
    assert list(made.rest()) == []


@given(some.lists(some.tuples(some.integers(1, 3), some.binary(min_size=1, max_size=9)), max_size=40))
def test_what_others_write_between_the_pieces_of_a_line_is_no_part_of_it(pieces):
    made = Lines()
    blocks = list(made.blocks([Record(0, process, data) for process, data in pieces]))
    blocks += made.rest()
    for process in (1, 2, 3):
        written = b"".join(data for its, data in pieces if its == process)
        assert of(blocks, process) == written + (b"\n" if written and not written.endswith(b"\n") else b"")


@given(some.lists(TEXT, min_size=1, max_size=8), some.integers(0, 60), some.integers(0, 60))
def test_after_a_loss_only_whole_lines_come_out(lines, first, second):
    data = b"".join(line + b"\n" for line in lines)
    start, end = sorted((first % (len(data) + 1), second % (len(data) + 1)))
    made = Lines()
    records = [Record(0, 0, data[:start])] if start else []
    if end > start:
        records.append(Record(0, 0, b"", Lost(end - start, int(data[end - 1] != 0x0A))))
    records += [Record(0, 0, data[end:])] if end < len(data) else []
    blocks = list(made.blocks(records))
    before = data[: data.rfind(b"\n", 0, start) + 1]
    after = data[end:]
    if end > start and data[end - 1 : end] != b"\n":
        after = after[after.find(b"\n") + 1 :]
    if end == start:
        assert of(blocks) == data
    else:
        assert of(blocks) == before + after
        assert [block.lost.size for block in blocks if block.lost] == [end - start]


@given(some.integers(0, 3), some.integers(1, 7))
def test_a_line_that_is_too_long_is_its_beginning_and_hides_nothing(before, times):
    long = b"x" * (LONGEST * times + 5)
    data = b"short\n" * before + long + b"\nnext\n"
    for size in (1 << 12, 1 << 18, 1 << 21):
        made = Lines()
        blocks = [block for at in range(0, len(data), size) for block in made.blocks([Record(0, 0, data[at : at + size])])]
        assert of(blocks) == b"short\n" * before + b"x" * LONGEST + CUT + b"\nnext\n"
        assert made.cut == 1


def test_what_has_no_end_is_a_line_when_nobody_can_write_any_more():
    made = Lines()
    assert of(made.blocks([Record(0, 7, b"begun")]), 7) == b""
    assert of(made.blocks([Record(1, 0, b"")]), 7) == b""
    assert of(made.blocks([Record(0, 0, b"")]), 7) == b"begun\n"
    assert of(made.blocks([Record(0, 7, b"and on\n")]), 7) == b"and on\n"


def test_a_process_that_is_gone_leaves_a_last_line_and_no_beginning_for_the_next_of_its_number():
    made = Lines()
    list(made.blocks([Record(0, 7, b"half a li"), Record(0, 8, b"another's")]))
    assert list(made.left_by(7)) == [Block(0, 7, b"half a li\n")]
    assert list(made.left_by(7)) == []
    assert of(made.blocks([Record(0, 7, b"whole\n")]), 7) == b"whole\n"
