"""What a pattern leaves open in a line, and lines made up from patterns."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigilog.core.nouns import Place, Rule
from vigilog.detect.stretches import dissection, example


def rule(text, language="regex"):
    return Rule("r", "attack", language, text, Place("r"))


def opened(pattern, line, targets=(), language="regex"):
    anatomy = dissection(rule(pattern, language), targets)(line)
    assert anatomy is not None
    return [line[start:end] for start, end in anatomy.open], [line[start:end] for start, end in anatomy.targets]


@pytest.mark.parametrize(
    ("pattern", "line", "stretches"),
    [
        (rb"user (.*) from", b"user a b from", [b"a b"]),
        (rb'user "([^"]*)" from', b'user "a b" from', [b"a b"]),
        (rb"user \S+ from", b"user ab from", [b"ab"]),
        (rb"user .{0,100} from", b"user ab from", [b"ab"]),
        (rb"user (?P<user>.*) from (.*)$", b"user ab from cd", [b"ab", b"cd"]),
        (rb"user [\w.@-]+ from", b"user ab from", []),
        (rb"port \d+ +from", b"port 22   from", []),
        (rb"x(?: .*)?$", b"x", []),
        (rb"x(?: .*)?$", b"x y", [b"y"]),
        (rb"(?:a|b.*)$", b"bcd", [b"cd"]),
    ],
)
def test_open_is_what_holds_blanks_quotes_or_brackets(pattern, line, stretches):
    assert opened(pattern, line)[0] == stretches


def test_a_field_asked_for_is_not_open():
    assert opened(rb"user (.*) from (\S+)$", b"user ab from cd", (1,)) == ([b"ab"], [b"cd"])


def test_scanf_and_ere_are_taken_apart_alike():
    assert opened(b"User:%s IP:%s", b"x User:ab IP:cd", (1,), "scanf") == ([b"ab"], [b"cd"])
    assert opened(b"user (.*) from ([0-9.]+)$", b"user ab from 1.2.3.4", (1,), "ere") == ([b"ab"], [b"1.2.3.4"])


def test_a_line_that_does_not_match_is_not_taken_apart():
    assert dissection(rule(b"abc"), ())(b"abd") is None


def test_values_stand_in_a_made_up_line_where_they_fit():
    assert example(rule(rb"^from (?P<address>[0-9.]+) by (\d+)$"), {0: b"203.0.113.7", 1: b"anna"}) == b"from 203.0.113.7 by 1"


@given(
    st.lists(
        st.sampled_from(
            [
                rb"abc",
                rb"\d+",
                rb".*",
                rb"[^ ]+ ",
                rb"(?:x|y)",
                rb"(?P<g>\w+)",
                rb"[a-f]{2,3}",
                rb"(?: z)?",
                rb'"[^"]*"',
                rb"\[.{3,}\]",
            ]
        ),
        max_size=6,
        unique=True,
    )
)
def test_a_made_up_line_matches_its_pattern(parts):
    text = b"".join(parts)
    for line in (example(rule(text), {}), example(rule(text), {}, full=True)):
        assert re.search(text, line)
        assert dissection(rule(text), ())(line)
