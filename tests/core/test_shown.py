"""Text from the outside becomes one line that can do no harm, and stays readable."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.cli.visible import visible as cli_visible
from vigilog.core.visible import shown, shown_bytes, visible, visible_line, visible_text


def test_what_is_harmful_is_spelled_out_and_what_is_not_stays():
    assert (
        shown_bytes(b"a\tb\nc\x1b[31m\xff\xc2\x9b \xe2\x80\xae gr\xc3\xb6\xc3\x9fe")
        == r"a\x09b\x0ac\x1b[31m\xff\u009b \u202e größe"
    )
    assert shown("plain 'text' $(x) \\ %s") == "plain 'text' $(x) \\ %s"


@given(st.binary())
def test_any_bytes_become_one_printable_line(data):
    line = shown_bytes(data)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028-\u202e\ud800-\udfff]", line)
    line.encode()


@pytest.mark.parametrize(
    "hidden", ["\x00", "\x1b", "\x7f", "\x9b", "\xad", "\u200b", "\u202e", "\u2028", "\ufeff", "\U000e0041"]
)
def test_the_same_is_hidden_nowhere(hidden):
    """Reports, scripts' logs and terminals have one notion of what can do harm."""
    spelled = shown(hidden)
    assert spelled.isascii()
    assert visible_line(hidden) == visible_text(hidden.encode()) == spelled
    assert visible(hidden.encode()) == spelled.encode()
    assert cli_visible(hidden) == spelled


@given(st.text())
def test_what_is_left_can_be_printed(text):
    assert shown(text).isprintable()
    assert visible_line(text).isprintable()
    assert visible_text(text.encode("utf-8", "surrogatepass")).replace("\t", " ").replace("\n", " ").isprintable()
