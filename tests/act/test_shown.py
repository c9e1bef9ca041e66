"""Text from the outside becomes one line that can do no harm, and stays readable."""

import re

from hypothesis import given
from hypothesis import strategies as st

from vigilog.act.shown import shown, shown_bytes


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
