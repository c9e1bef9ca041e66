"""Patterns matched without regard to case mean what `grep -i` takes them for."""

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from tests.patterns import strategies
from tests.patterns.grep import matching_lines
from tests.patterns.verdicts import rule, verdicts
from vigilog.patterns.block import BLANKS, View
from vigilog.patterns.confirm import tree_of
from vigilog.patterns.syntax import BackReference, walk

LINES = [b"a", b"A", b"B", b"z", b"Z", b"ab", b"AB", b"Ba", b"_", b"[", b"1", b"\xc4", b"aA", b"x y", b"X Y ", b""]

cased = st.sampled_from(
    rb"A B Z [^a] [^A] [A] [A-C] [a-c] [^A-C] [^a-c1] [[:upper:]] [[:lower:]] [^[:upper:]] [^[:lower:]] [A-z] [^B] [[=A=]] \W \w . a".split()
)
expressions = st.one_of(
    strategies.expressions,
    st.lists(st.tuples(cased, st.sampled_from([b"", b"", b"*", b"?", b"{2}"])).map(b"".join), min_size=1, max_size=4).map(
        b"".join
    ),
    st.lists(cased, min_size=2, max_size=3).map(lambda parts: b"^(" + b"|".join(parts) + b")$"),
)
swapped = st.lists(st.sampled_from([b"a", b"A", b"b", b"B", b"c", b"z", b"Z", b"1", b" ", b"_", b"\xe4"]), max_size=5).map(
    b"".join
)


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@example(b"^[^a]$", [], "raw")
@example(b"^[^[:upper:]]$", [], "raw")
@example(b"^[^B ]$", [], "stripped")
@given(expressions, st.lists(swapped, max_size=5), st.sampled_from(["raw", "stripped"]))
@pytest.mark.peer
def test_the_verdict_without_regard_to_case_is_that_of_grep_i(expression: bytes, made_up: list[bytes], view: View) -> None:
    lines = LINES + made_up
    assume(b"{" not in expression or not (b"[." in expression or b"[=" in expression))  # see test_ere
    got = verdicts(expression, lines, view, caseless=True)
    if got is None:
        assert verdicts(expression, lines, view) is None  # what is refused does not depend on case
        return
    assume(not any(isinstance(node, BackReference) for node in walk(tree_of(rule(expression), caseless=True))))
    seen = lines if view == "raw" else [line.rstrip(BLANKS) for line in lines]
    assert got == matching_lines(expression, seen, "-i")


def test_a_back_reference_disregards_case_as_grep_i_does() -> None:
    lines = [b"aA", b"Aa", b"ab", b"AA"]
    assert verdicts(b"(a)\\1", lines, caseless=True) == matching_lines(b"(a)\\1", lines, "-i") == {0, 1, 3}


@pytest.mark.parametrize(
    ("language", "text"),
    [("regex", b"^[^a]x$"), ("regex", b"^[^\\Wa]x$"), ("literal", b"bX"), ("scanf", b"Bx"), ("ere", b"^[^a]x$")],
)
def test_every_language_can_disregard_case(language: str, text: bytes) -> None:
    lines = [b"ax", b"Ax", b"bx", b"BX"]
    assert verdicts(text, lines, language=language, caseless=True) == {2, 3}
