"""proftpd.conf: lines and words are taken apart as ProFTPD takes them apart, and what is written is read again as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.config.proftpd_lines import lines, words, written

LINES = [
    (b"Port 21\n", [(1, "Port 21")]),
    (b"Port 21", [(1, "Port 21")]),
    (b"\n\n  \t Port 21 \r\n", [(3, "Port 21 ")]),
    (b"# Port 21\n  # x\nPort 22\n", [(3, "Port 22")]),
    (b"Port \\\n21\n", [(2, "Port 21")]),
    (b"Port \\\n\\\n\\\n21\nUmask 022\n", [(4, "Port 21"), (5, "Umask 022")]),
    (b"# a comment does not go on \\\nPort 21\n", [(2, "Port 21")]),
    (b"Port \\\n # inside, a comment that goes on is not there \\\n21\n", [(3, "Port 21")]),
    (b"Port 21 \\\n # the end\n", [(2, "Port 21  # the end")]),
    (b"Port 21\\\r\nUmask 022\n", [(1, "Port 21\\"), (2, "Umask 022")]),
    (b"Port 21\\", [(1, "Port 21\\")]),
    (b"Port 21\\\n", [(1, "Port 21")]),
    (b"Port 21\\\n\n", [(2, "Port 21")]),
    (b"ServerName \xff\n", [(1, "ServerName \udcff")]),
    (b"", []),
]

WORDS = [
    ("ServerName a b", ["ServerName", "a", "b"]),
    ('ServerName "a b"', ["ServerName", "a b"]),
    ('ServerName "a\\"b\\\\c\\d"', ["ServerName", 'a"b\\cd']),
    ('ServerName a\\"b', ["ServerName", 'a\\"b']),
    ('ServerName ""', ["ServerName", ""]),
    ('ServerName "a"b', ["ServerName", "a", "b"]),
    ('ServerName a"b c"', ["ServerName", 'a"b', 'c"']),
    ('ServerName "a b', ["ServerName", "a b"]),
    ('ServerName "a\\', ["ServerName", "a\\"]),
    ("ServerName a # b", ["ServerName", "a"]),
    ("ServerName a#b", ["ServerName", "a#b"]),
    ('ServerName "a # b"', ["ServerName", "a # b"]),
    ("ServerName\ta\v\fb", ["ServerName", "a", "b"]),
    ("ServerName 'a b'", ["ServerName", "'a", "b'"]),
    ("ServerName %{env:NAME}", ["ServerName", "here it is"]),
    ("ServerName x%{env:NAME}y%{env:NAME}", ["ServerName", "xhere it isyhere it is"]),
    ("ServerName %{env:NOT_THERE}", ["ServerName", ""]),
    ("ServerName %{env:NAME", ["ServerName", "%{env:NAME"]),
    ("ServerName %{env:NESTED}", ["ServerName", "<here it is>"]),
]


@pytest.mark.parametrize(("data", "expected"), LINES)
def test_lines_have_the_number_of_their_last_part(data, expected):
    assert [tuple(line) for line in lines(data)] == expected


@pytest.mark.parametrize(("text", "expected"), WORDS)
def test_words(text, expected):
    assert words(text, {"NAME": "here it is", "NESTED": "<%{env:NAME}>"}) == expected


def test_a_variable_that_stands_in_its_own_value_ends():
    assert words("A %{env:A}", {"A": "x%{env:A}"})[0] == "A"


TEXT = st.text(st.characters(exclude_characters="\n\0", exclude_categories=["Cs"]), max_size=20).filter(
    lambda word: "%{env:" not in word
)


@given(st.lists(TEXT, max_size=6))
def test_what_is_written_is_read_again(parameters):
    line = written("ServerName", tuple(parameters))
    (read,) = lines(line.encode() + b"\n")
    assert words(read.text, {}) == ["ServerName", *parameters]


@given(st.binary(max_size=200))
def test_any_bytes_are_lines(data):
    numbers = [line.number for line in lines(data)]
    assert numbers == sorted(numbers)
    assert all(1 <= number <= data.count(b"\n") + 1 for number in numbers)


@given(st.text(max_size=100))
def test_any_text_is_words(text):
    assert all(isinstance(word, str) for word in words(text, {}))
