"""check_forensic's question, by its own rules: IDs whole, each line once, one end for all begins of its ID."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.inputs import ledger
from vigilog.ledger.check import by_id, unfinished


def texts(content, *later, **options):
    return [line.text for line in unfinished(ledger(content, *later, **options))]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"+1|x\n-1\n+2|y\n-2\n", []),
        (b"+10:5f:1|x\n+10:5f:10|y\n+10:5f:11|z\n-10:5f:10\n-10:5f:11\n", [b"+10:5f:1|x"]),
        (b"+1|x\n+10|y\n", [b"+1|x", b"+10|y"]),
        (b"+1|x\n+1|y\n", [b"+1|x", b"+1|y"]),
        (b"+1|x\n+1|y\n-1\n", []),
        (b"+1|x\n-1\n+1|y\n", []),
        (b"-1\n+1|x\n", []),
        (b"-1\n", []),
        (b"+1", [b"+1"]),
        (b"+1|GET / HT", [b"+1|GET / HT"]),
        (b"+1|x\n-1|extra\n", []),
        (b"+1|x\r\n-1\r\n", []),
        (b"+1|x\r\n+2|y\r\n-1\r\n", [b"+2|y\r"]),
        (b"+a.c|x\n+abc|y\n-abc\n", [b"+a.c|x"]),
        (b"+a*c|x\n", [b"+a*c|x"]),
        (b"+a(|x\n", [b"+a(|x"]),
        (b"+a'|x\n+b|y\n", [b"+a'|x", b"+b|y"]),
        (b"+a b|x\n+a c|y\n-a c\n", [b"+a b|x"]),
        (b"+\x00|x\n+\xff|y\n", [b"+\x00|x", b"+\xff|y"]),
        (b"+\n-\n+|x\n-|x\n", []),
        (b"", []),
        (b"\n\n+1|x\n\n", [b"+1|x"]),
        (b"foo\n +1|x\n|+2|y\n", []),
    ],
)
@pytest.mark.parametrize("size", [1, 5, 1000])
def test_the_table_of_what_check_forensic_makes_of_odd_ledgers(content, found, size):
    assert texts(content, size=size) == found


def test_an_end_in_a_later_file_closes_and_one_in_an_earlier_file_too():
    assert texts(b"+1|x\n+2|y\n-3\n", b"-1\n+3|z\n") == [b"+2|y"]


def test_lines_are_found_with_their_file_and_number():
    found = unfinished(ledger(b"+1|x\n-1\n+2|y\n", b"\n+3|z"))
    assert [(line.id, line.file, line.line) for line in found] == [(b"2", "a", 3), (b"3", "b", 2)]


def test_the_order_by_id_is_that_of_the_bytes():
    lines = unfinished(ledger(b"+1:a:9|x\n+1:a:10|x\n+1:A:1|x\n+\xff|x\n"))
    assert [line.id for line in by_id(lines)] == [b"1:A:1", b"1:a:10", b"1:a:9", b"\xff"]


def test_thousands_that_are_open_at_the_same_time_are_all_found():
    content = b"".join(b"+%d|GET /%d\n" % (number, number) for number in range(5000))
    assert len(texts(content, size=65536)) == 5000
    ends = b"".join(b"-%d\n" % number for number in range(5000) if number % 7)
    assert len(texts(content + ends, size=65536)) == 715


identities = st.sampled_from([b"a", b"aa", b"a.", b"b:1", b"b:10", b"b:1-", b"c d", b"\xff", b"+", b"-", b""])
openings = st.builds(lambda identity, rest: b"+" + identity + rest, identities, st.sampled_from([b"", b"|", b"|x", b"|x|-a"]))
closings = st.builds(lambda identity, rest: b"-" + identity + rest, identities, st.sampled_from([b"", b"", b"|more"]))
others = st.sampled_from([b"", b"x", b"|", b"+", b"-", b" -a", b"x|\r"])
lines = st.lists(st.one_of(openings, closings, openings, closings, others), max_size=25)
ends = st.sampled_from([b"\n", b"\n", b"\r\n"])


def model(content):
    """The same, the long way."""
    heads = [(line.partition(b"|")[0].removesuffix(b"\r"), line) for line in content.split(b"\n")]
    closed = {head[1:] for head, _ in heads if head[:1] == b"-"}
    return [line for head, line in heads if head[:1] == b"+" and head[1:] and head[1:] not in closed]


@given(lines, ends, st.booleans(), st.integers(1, 80))
def test_any_ledger_at_any_block_size(parts, end, finished, size):
    content = end.join(parts) + (end if finished else b"")
    assert texts(content, size=size) == model(content)


@given(lines, st.data(), st.integers(1, 80))
def test_files_cut_anywhere_between_lines_are_one_ledger(parts, data, size):
    content = b"".join(part + b"\n" for part in parts)
    edges = [match.end() for match in re.finditer(rb"\n", content)] or [0]
    cut = data.draw(st.sampled_from(edges))
    assert texts(content[:cut], content[cut:], size=size) == model(content)


@given(lines, st.data(), st.integers(1, 80))
def test_two_processes_find_the_same_as_one(parts, data, size):
    content = b"".join(part + b"\n" for part in parts)
    edges = [match.start() for match in re.finditer(rb"\n", content)]
    one = unfinished(ledger(content, size=size))
    if edges:
        cut = data.draw(st.sampled_from(edges))
        two = unfinished(ledger(content[:cut], size=size), ledger(content[cut + 1 :], size=size, continued=True))
        assert two == one


def test_what_the_other_process_cannot_read_is_an_error_here():
    def broken():
        raise OSError("gone")
        yield b""

    first, second = ledger(b"+1|x\n", b"")
    with pytest.raises(OSError, match="gone"):
        unfinished([first], [second._replace(blocks=broken)])


@given(st.lists(st.tuples(identities, st.booleans()), min_size=20, max_size=80), st.integers(0, 5), st.integers(1, 3000))
def test_requests_that_end_at_once_make_no_difference(parts, gap, size):
    lines = []
    for number, (identity, ends_at_once) in enumerate(parts):
        lines.append(b"+%s|GET /%d" % (identity, number))
        lines += [b"-" + identity] * ends_at_once
        lines += [b""] * (gap == number % 7)
    content = b"".join(line + b"\n" for line in lines)
    assert texts(content, size=size) == model(content)
    assert [(line.line, line.text) for line in unfinished(ledger(content, size=size))] == [
        (number, line) for number, line in enumerate(lines, 1) if line in model(content)
    ]
