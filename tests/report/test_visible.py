"""What could move a cursor, hide text or forge a line is seen as text before a terminal or a mail reader has it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.core.visible import visible, visible_line, visible_text
from vigilog.report.visible import visibly

HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        (b"\x1b[31mred\x1b[0m\n", rb"\x1b[31mred\x1b[0m" + b"\n"),
        (b"a\x00b\rc\x7f\n", rb"a\x00b\x0dc\x7f" + b"\n"),
        (b"tab\tstays\n", b"tab\tstays\n"),
        (b"\xff\x9b31m\n", rb"\xff\x9b31m" + b"\n"),
        ("\x9b31m\n".encode(), rb"\u009b31m" + b"\n"),
        ("\u202eevil\u2066\n".encode(), rb"\u202eevil\u2066" + b"\n"),
        ("a\u2028b\n".encode(), rb"a\u2028b" + b"\n"),
        ("größe 日本\n".encode(), "größe 日本\n".encode()),
        (b"half \xe2\x82\nnext\n", rb"half \xe2\x82" + b"\nnext\n"),
    ],
)
def test_what_is_harmful_is_seen_and_what_is_not_stays(raw, seen):
    assert visible(raw) == seen


@given(
    st.one_of(
        st.binary(),
        st.text().map(str.encode),
        st.lists(st.sampled_from([b"\x1b", b"\xc2\x9b", b"\xe2\x80\xae", b"a\n", b"\xe2"])).map(b"".join),
    )
)
def test_nothing_harmful_is_left_in_any_bytes_and_the_lines_stay_as_many(raw):
    seen = visible(raw)
    assert not HARMFUL.search(seen.decode())
    assert seen.count(b"\n") == raw.count(b"\n")
    assert visible(seen) == seen
    assert visible_text(raw).encode() == seen


def test_plain_lines_are_given_back_uncopied():
    lines = b"Nov 20 08:00:00 web1 sshd[1]: hello\tthere\n" * 100
    assert visible(lines) is lines


def test_a_name_with_a_newline_stays_on_its_line():
    assert visible_line("/var/log/a\nE: forged\x1b\udcff") == r"/var/log/a\nE: forged\x1b\xff"


def test_writing_visibly_makes_each_piece_harmless():
    written: list[bytes] = []
    visibly(written.append)(b"\x1b\n")
    assert written == [b"\\x1b\n"]
