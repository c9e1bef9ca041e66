"""A match never crosses a line, and a line's verdict depends on nothing but the line."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.patterns import strategies
from tests.patterns.test_regex import expressions as python_expressions
from tests.patterns.verdicts import hits, matched, rule, verdicts
from vigilog.patterns import block
from vigilog.patterns.block import View
from vigilog.patterns.compiling import compile_rules

VIEWS: tuple[View, ...] = ("raw", "stripped")

EATERS = [
    *[("ere", text) for text in rb"[^x] \s \W \S . [[:space:]] [[:cntrl:]] [^[:alnum:]] [^[:print:]] [^a-z]".split()],
    *[("ere", b"[\t-\r]"), ("ere", b"[\x01-\xff]"), ("ere", b"(.|[^.])"), ("ere", b"()")],
    *[
        ("regex", text)
        for text in rb"[^x] \s \W \D \S . [\s\S] [\x00-\xff] (?s:.) \n [\n] [\t-\r] \x0a \012 (?:.|\n) [^\w] (?=.)".split()
    ],
    *[("scanf", b"%b"), ("scanf", b"%c")],
]
"""What could take a newline for one of its bytes."""


@pytest.mark.parametrize(("language", "text"), EATERS, ids=[f"{language} {text!r}" for language, text in EATERS])
@pytest.mark.parametrize("view", VIEWS)
def test_nothing_matches_across_the_end_of_a_line(language: str, text: bytes, view: View) -> None:
    lines = [b"a", b"b", b"ax", b"", b"bx", b"a  ", b"b"]
    forms = [b"a%sb"] if language == "scanf" else [b"a%sb", b"a%s*b", b"a%s+b", b"a(%s|x)+b", b"a%s{1,9}b"]
    for form in forms:
        assert verdicts(form % text, lines, view, language=language) == set()


@pytest.mark.parametrize("view", VIEWS)
def test_a_line_is_not_what_stands_before_or_behind_it(view: View) -> None:
    lines = [b"one", b"two", b"three"]
    for expression, wanted in [
        (b"^two$", {1}),
        (b"e$", {0, 2}),
        (b"^t", {1, 2}),
        (b"[^t]t", set()),
        (b"^[^o]", {1, 2}),
        (b"\\bt", {1, 2}),
        (b"\\Bo", {1}),
        (b"o.$", set()),
        (b"^$", set()),
        (b"[^e]$", {1}),
    ]:
        assert verdicts(expression, lines, view) == wanted


texts = st.one_of(
    st.tuples(st.just("ere"), strategies.expressions),
    st.tuples(st.just("regex"), python_expressions),
    st.tuples(st.just("literal"), strategies.lines),
    st.tuples(
        st.just("scanf"), st.lists(st.sampled_from([b"%s", b"%d", b"%b", b"%c", b"a", b" ", b":"]), max_size=5).map(b"".join)
    ),
)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@example([("ere", b"a *$"), ("ere", b"(|a)$"), ("ere", b"^ *$"), ("regex", rb"(?!a)$")], [b"", b"a", b"  ", b"a "])
@given(st.lists(texts, min_size=1, max_size=4), st.lists(strategies.lines, min_size=1, max_size=8))
def test_lines_joined_in_one_block_get_the_verdicts_that_they_get_alone(
    some: list[tuple[str, bytes]], lines: list[bytes]
) -> None:
    for view in VIEWS:
        database = compile_rules([rule(text, language) for language, text in some], view)
        joined = hits(database, lines)
        assert joined == {(at, index) for at, line in enumerate(lines) for _, index in hits(database, [line])}
        assert matched(database, lines) == {at for at, _ in joined}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(st.just("ere"), strategies.expressions), min_size=2, max_size=8), st.lists(strategies.lines, max_size=6)
)
def test_a_rule_says_the_same_alone_and_among_others(some: list[tuple[str, bytes]], lines: list[bytes]) -> None:
    together = hits(compile_rules([rule(text, language) for language, text in some]), lines)
    alone = [hits(compile_rules([rule(text, language)]), lines) for language, text in some]
    assert together == {(line, index) for index, found in enumerate(alone) for line, _ in found}


def test_a_match_at_the_very_end_of_a_block_is_not_overlooked() -> None:
    """Vectorscan 5.4.12 overlooks `a *` and a newline that end in the 17th byte of its input, among others."""
    for expression, line in [(b"a *$", b"a"), (b"ab?[bc] *$", b"ab"), (b"a", b"a"), (b"[a-c]$", b"c"), (b"\\ba\\b", b"-a")]:
        database = compile_rules([rule(expression)])
        for length in range(140):
            assert matched(database, [b"x" * length, line]) == {1}
            assert matched(database, [line, b"x" * length]) == {0}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=4).map(lambda data: data.replace(b"\n", b"")), max_size=40), st.data())
def test_a_framed_block_gives_back_its_lines(lines: list[bytes], data: st.DataObject) -> None:
    framed = block.frame(b"".join(line + b"\n" for line in lines))
    ends, at = [], block.FIRST_LINE
    for line in lines:
        at += len(line) + 1
        ends.append(at)
    assert block.text_end(framed) == at
    assert [block.line_at(framed, end) for end in ends] == lines
    assert [block.line_with_newline(framed, end) for end in ends] == [line + b"\n" for line in lines]
    named = data.draw(st.sets(st.sampled_from(ends))) if ends else set()
    rows = [(line + b"\n", end in named) for line, end in zip(lines, ends, strict=True)]
    assert block.lines_at(framed, sorted(named)) == b"".join(row for row, is_named in rows if is_named)
    others = b"".join(row for row, is_named in rows if not is_named)
    assert block.other_lines(framed, [*named, block.FIRST_LINE, *named, len(framed)]) == (others, len(named))
    assert block.in_order(framed, [*range(at + 1, len(framed) + 1), *named, *named, block.FIRST_LINE]) == sorted(named)
