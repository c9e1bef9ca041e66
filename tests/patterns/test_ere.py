"""POSIX extended regular expressions mean to Vigilog what they mean to GNU grep."""

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from tests.patterns import strategies
from tests.patterns.grep import matching_lines

from vigilog.core.errors import RuleError
from vigilog.core.nouns import Place, Rule
from vigilog.patterns.block import BLANKS, frame
from vigilog.patterns.compiling import compile_rules

LINES = [
    b"", b"a", b"b", b"ab", b"ba", b"aa", b"aab b", b"a b", b"a ", b" a", b"  ", b"a\t", b"a\r", b"\x00", b"\xff", b"_", b"a_1", b"-", b"a{x}", b"{a", b"a.",
    b"{1}a", b"aaaa", b"ab ab", b"x:/", b"]", b"[", b"\\", b"n", b"d", b"a1 \v\f", b"1 ", b"ab\x1b[0m", b"b ",
]


def rule(text: bytes) -> Rule:
    return Rule("test", "ignore", "ere", text, Place("rules", 1))


def verdicts(text: bytes, lines: list[bytes], view: str) -> set[int] | None:
    database = compile_rules([rule(text)], view)
    if database.refused:
        # `(*)` is an error to grep only where nothing later closes the group: we refuse it always, and loudly
        assume("something to repeat" not in database.refused[0].expected)
        return None
    framed = frame(b"".join(line + b"\n" for line in lines))
    ends, at = {}, 1
    for index, line in enumerate(lines):
        at += len(line) + 1
        ends[at] = index
    return {ends[end] for end in database.line_ends(framed)}


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@example(b"^*a", [b"ba"])
@example(b"(a)|b\\1", [b"b"])
@example(b"(^|x)*ab", [b"cab"])
@example(b"x$?y", [b"xy"])
@example(b"foo .*$", [b"foo  ", b"foo"])
@example(b"\\Ba", [b"", b"aa"])
@given(strategies.expressions, st.lists(strategies.lines, max_size=6))
@pytest.mark.peer
def test_the_verdict_on_every_line_is_that_of_grep(expression: bytes, made_up: list[bytes]) -> None:
    lines = LINES + made_up
    assert verdicts(expression, lines, "raw") == matching_lines(expression, lines)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@example(b"foo .*$", [b"foo  ", b"foo"])
@given(strategies.expressions, st.lists(strategies.lines, max_size=6))
@pytest.mark.peer
def test_the_stripped_view_is_grep_on_lines_without_their_trailing_blanks(expression: bytes, made_up: list[bytes]) -> None:
    lines = LINES + made_up
    assert verdicts(expression, lines, "stripped") == matching_lines(expression, [line.rstrip(BLANKS) for line in lines])


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(strategies.expressions, st.lists(strategies.lines, min_size=1, max_size=6))
def test_lines_joined_in_one_block_get_the_verdicts_that_they_get_alone(expression: bytes, lines: list[bytes]) -> None:
    for view in ("raw", "stripped"):
        joined = verdicts(expression, lines, view)
        if joined is None:
            continue
        assert joined == {index for index, line in enumerate(lines) if verdicts(expression, [line], view)}


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        (b"a(b", "`(` without"),
        (b"[a", "`[` without"),
        (b"[[:foo:]]", "class [:foo:]"),
        (b"[:space:]", "[:space:]"),
        (b"[b-a]", "range b-a"),
        (b"a\\", "backslash at the end"),
        (b"a{2,1}", "interval"),
        (b"a{40000}", "interval"),
        (b"\\1(a)", "back-reference"),
    ],
)
def test_an_expression_that_grep_refuses_is_an_error_with_an_address(expression: bytes, found: str) -> None:
    (error,) = compile_rules([rule(expression)]).refused
    assert isinstance(error, RuleError)
    assert found in error.found
    assert str(error).startswith("rules:1:")
