"""What check_forensic does not see."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.inputs import ledger
from tests.ledger.test_check import ends, lines
from vigilog.ledger.check import unfinished
from vigilog.ledger.examine import examine
from vigilog.ledger.recent import Recent


def findings(*files, size=64):
    return [(found.kind, found.id, found.file, found.line) for found in examine(ledger(*files, size=size))]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"+1|x\n-1\n", []),
        (b"+1|x\n", [("open", b"1", 1)]),
        (b"-1\n", [("orphan", b"1", 1)]),
        (b"+1|x\n-1\n-1\n", [("orphan", b"1", 3)]),
        (b"-1\n+1|x\n", [("early", b"1", 2)]),
        (b"+1|x\n+1|y\n-1\n-1\n", [("reused", b"1", 2)]),
        (b"+1|x\n+1|y\n-1\n", [("reused", b"1", 2), ("open", b"1", 1)]),
        (b"+1|x\n-1\n+1|y\n-1\n", [("reused", b"1", 3)]),
        (b"+1|x\n-1\n+1|y\n", [("reused", b"1", 3), ("open", b"1", 3)]),
        (b"+1|x\n-1", [("torn", b"", 2)]),
        (b"+1|x", [("torn", b"", 1), ("open", b"1", 1)]),
        (b"+1\n-1\n", [("torn", b"1", 1)]),
        (b"+1|x\n-1\ngarbage\n", [("torn", b"", 3)]),
        (b"+\n", [("torn", b"", 1)]),
        (b"+1|GET /%2\n-1\n", [("escape", b"1", 1)]),
        (b"+1|GET /%\n-1\n", [("escape", b"1", 1)]),
        (b"+1|GET /\xff\n-1\n", [("escape", b"1", 1)]),
        (b"+1|GET /%ff|A:b\n-1\n", []),
        (b"+1|x\r\n-1\r\n", [("crlf", b"", 1)]),
        (b"+\xff|x\n-\xff\n", []),
        (b"", []),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_each_kind_is_found_with_its_line(content, found, size):
    assert findings(content, size=size) == [(kind, identity, "a", line) for kind, identity, line in found]


def test_lines_are_counted_in_each_file_for_itself():
    assert findings(b"+1|x\n", b"-1\n-2\n") == [("orphan", b"2", "b", 2)]


def test_notes_say_what_the_line_contradicts():
    found = list(examine(ledger(b"+1|x\n", b"+1|y\n-1\n-1\n-1\n+2|x\n-2\n+2|y\n-2\n-3\n+3|x\n")))
    assert [(each.kind, each.note) for each in found] == [
        ("reused", "that of line 1 of a is open"),
        ("orphan", "it had ended already"),
        ("reused", "it had ended"),
        ("early", "its end is line 9 of b"),
    ]


@given(lines, ends, st.integers(1, 80))
def test_whatever_is_open_by_check_forensics_rules_is_open_here(parts, end, size):
    content = end.join(parts)
    found = [(each.file, each.line) for each in examine(ledger(content, size=size)) if each.kind == "open"]
    assert {(line.file, line.line) for line in unfinished(ledger(content, size=size))} <= set(found)


@given(lines, st.integers(1, 80))
def test_the_size_of_blocks_makes_no_difference(parts, size):
    content = b"\n".join(parts)
    assert findings(content, size=size) == findings(content, size=1000)


@given(st.lists(st.integers(0, 30)), st.integers(1, 10))
def test_the_last_ids_are_remembered_and_not_many_more(numbers, least):
    recent = Recent(least)
    for number in numbers:
        recent.add(b"%d" % number)
    assert all(b"%d" % number in recent for number in numbers[-least:])
    assert sum(b"%d" % number in recent for number in set(numbers)) <= 2 * least
