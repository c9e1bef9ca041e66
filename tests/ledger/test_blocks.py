"""Ledgers come as blocks of whole lines."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.ledger import blocks as module
from vigilog.ledger.blocks import blocks

contents = st.text("+-|\nab", max_size=60).map(str.encode)


@given(contents, st.integers(1, 70))
def test_together_they_are_a_newline_and_the_file(content, size):
    found = list(blocks(BytesIO(content).read, size))
    assert b"".join(found) == b"\n" + content


@given(contents, st.integers(1, 70))
def test_each_begins_with_the_newline_in_front_of_its_first_line(content, size):
    assert all(block.startswith(b"\n") for block in blocks(BytesIO(content).read, size))


@given(contents, st.integers(1, 70))
def test_the_last_is_the_unfinished_line_or_nothing(content, size):
    last = list(blocks(BytesIO(content).read, size))[-1]
    assert last == b"\n" + content[content.rfind(b"\n") + 1 :]


@pytest.mark.parametrize("length", [90, 100, 110, 250, 1000])
def test_a_line_that_is_too_long_goes_on_in_the_next_block(monkeypatch, length):
    monkeypatch.setattr(module, "LONGEST", 100)
    content = b"+a|" + b"x" * length + b"\n-a\n"
    found = list(blocks(BytesIO(content).read, 30))
    assert b"".join(found) == b"\n" + content
    assert max(map(len, found)) <= 131 + 4
