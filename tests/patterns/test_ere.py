"""POSIX extended regular expressions mean to Vigilog what they mean to GNU grep."""

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from tests.patterns import strategies
from tests.patterns.grep import matching_lines
from tests.patterns.verdicts import matched, rule, verdicts
from vigilog.core.errors import RuleError
from vigilog.patterns.block import BLANKS, View
from vigilog.patterns.compiling import compile_rules
from vigilog.patterns.confirm import tree_of
from vigilog.patterns.syntax import BackReference, walk

LINES = [
    *rb"a b ab ba aa _ a_1 - a{x} {a a. {1}a aaaa x:/ ] [ \ n d".split(),
    *[
        b"",
        b"aab b",
        b"a b",
        b"a ",
        b" a",
        b"  ",
        b"a\t",
        b"a\r",
        b"\x00",
        b"\xff",
        b"ab ab",
        b"a1 \v\f",
        b"1 ",
        b"ab\x1b[0m",
        b"b ",
    ],
]


def checked(expression: bytes, lines: list[bytes], view: View) -> set[int] | None:
    """The verdicts, for expressions that should mean the same to both. `(*)` is an error to grep only where nothing later
    closes the group, and we refuse it always, and loudly. A `{` without anything before it is itself, but nothing to grep
    if a collating element stands elsewhere in the expression. Back-references have a test of their own."""
    assume(b"{" not in expression or not (b"[." in expression or b"[=" in expression))
    database = compile_rules([rule(expression)], view)
    assume(not any("something to repeat" in error.expected for error in database.refused))
    if database.refused:
        return None
    assume(not any(isinstance(node, BackReference) for node in walk(tree_of(rule(expression), caseless=False))))
    return matched(database, lines)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@example(b"^*a", [b"ba"])
@example(b"(a)|b\\1", [b"b"])
@example(b"[^:a:]", [b"a"])
@example(b"[:::]", [b":"])
@example(b"[:-[=a=]]", [])
@example(b"[[=a=]-z]", [])
@example(b"[[=a=]-]", [])
@example(b"[:[:digit:]:]", [b":"])
@example(b"(^|x)*ab", [b"cab"])
@example(b"x$?y", [b"xy"])
@example(b"foo .*$", [b"foo  ", b"foo"])
@example(b"\\Ba", [b"", b"aa"])
@given(strategies.expressions, st.lists(strategies.lines, max_size=6))
@pytest.mark.peer
def test_the_verdict_on_every_line_is_that_of_grep(expression: bytes, made_up: list[bytes]) -> None:
    lines = LINES + made_up
    assert checked(expression, lines, "raw") == matching_lines(expression, lines)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@example(b"foo .*$", [b"foo  ", b"foo"])
@given(strategies.expressions, st.lists(strategies.lines, max_size=6))
@pytest.mark.peer
def test_the_stripped_view_is_grep_on_lines_without_their_trailing_blanks(expression: bytes, made_up: list[bytes]) -> None:
    lines = LINES + made_up
    assert checked(expression, lines, "stripped") == matching_lines(expression, [line.rstrip(BLANKS) for line in lines])


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
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


# glibc itself loses matches where the group is repeated by an interval (`([^b]?){2}\1` does not match `1B`), or holds a
# repeated anchor, so groups are repeated as a whole by `*` and `?` only
_inside = st.lists(
    st.sampled_from([b"a", b"b", b"[ab]", b"[^a]", b".", b"a*", b"b?", b"[[:alpha:]]", b"\\w", b"-"]), min_size=1, max_size=3
).map(b"".join)
_referring = st.tuples(
    st.sampled_from([b"", b"^", b"a", b".*"]),
    st.one_of(_inside, st.lists(_inside, min_size=2, max_size=2).map(b"|".join)),
    st.sampled_from([b"", b"", b"*", b"?"]),
    st.one_of(st.just(b""), _inside),
    st.sampled_from([b"\\1", b"\\1", b"\\1*", b"(\\1|b)", b"\\1\\1", b"(b)\\2\\1"]),
    st.sampled_from([b"", b"$", b"b", b"(b)"]),
).map(lambda parts: parts[0] + b"(" + parts[1] + b")" + b"".join(parts[2:]))


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@example(b"(x){0}(b)\\2", [b"bb", b"bx"])
@example(b"(a){0}\\1", [b"a", b""])
@example(b"((a){0}|b)\\1", [b"bb", b"b"])
@given(_referring, st.lists(strategies.lines, max_size=6))
@pytest.mark.peer
def test_a_back_reference_is_confirmed_as_grep_decides_it(expression: bytes, made_up: list[bytes]) -> None:
    lines = LINES + made_up
    assert verdicts(expression, lines) == matching_lines(expression, lines)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.sampled_from([b":", b"a", b"^", b"]", b"-", b"[", b"[:", b":]", b"[:digit:]", b"[.", b".]", b"[=a=]"]), max_size=6
    )
)
@pytest.mark.peer
def test_a_bracket_is_taken_refused_and_read_as_grep_does(parts: list[bytes]) -> None:
    expression = b"[" + b"".join(parts) + b"]"
    assert verdicts(expression, LINES) == matching_lines(expression, LINES)
