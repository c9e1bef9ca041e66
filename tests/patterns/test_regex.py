"""Python's regular expressions mean to Vigilog what `re.search` makes of them, line by line."""

import re
import warnings

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from tests.patterns import strategies
from tests.patterns.verdicts import matched, rule, verdicts
from vigilog.patterns.block import BLANKS, View
from vigilog.patterns.compiling import compile_rules
from vigilog.patterns.extract import fields

atoms = st.sampled_from(
    [
        *rb"a b B 1 - . \w \W \d \D \s \S \b \B ^ $ \A \Z \. \x41 \101 \t \\ [ab] [^a] [^\s] [\W] [^\W\d] [a-c-] [\s\S] [^\n]".split(),
        *rb"[\n] [\]x] [A-Z_] x \x20 _ [^-] \n (?:) () \x00 \xff #".split(),
        b" ",
    ]
)
counts = st.sampled_from(rb"* + ? {2} {,2} {1,} {1,2} {0} *? +? ?? {1,2}? *+ ++ ?+ {1,2}+".split())
references = st.sampled_from([rb"\1", rb"\2", b"(?P=n)", b"(?(1)a|b)", b"(?(1)a)", b"(?(n)b)"])
openings = st.sampled_from(rb"( ( (?: (?P<n> (?i: (?-i: (?s: (?x: (?= (?! (?<= (?<! (?>".split())


def _larger(inner: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    joined = st.lists(st.one_of(inner, references), min_size=1, max_size=4).map(b"".join)
    chosen = st.lists(inner, min_size=2, max_size=3).map(b"|".join)
    grouped = st.tuples(openings, st.one_of(inner, chosen)).map(lambda pair: pair[0] + pair[1] + b")")
    counted = st.tuples(st.one_of(atoms, grouped), counts).map(b"".join)
    return st.one_of(joined, chosen, grouped, counted, st.tuples(grouped, inner).map(b"".join))


bodies = st.recursive(atoms, _larger, max_leaves=8)
flags = st.sampled_from([b"", b"", b"", b"(?i)", b"(?x)", b"(?s)", b"(?m)", b"(?a)", b"(?ix)"])
expressions = st.tuples(flags, st.sampled_from([b"", b"^", b"\\A"]), bodies, st.sampled_from([b"", b"$", b"\\Z", b" *$"])).map(
    b"".join
)

LINES = [
    *rb"a b ab ba aab B A1 _ a_1 - x \ . 1 11 aaa # a# \n".split(),
    *[b"", b" ", b"a b", b" a", b"a ", b"b\t", b"A B\r", b"\x00", b"\xff", b"a\xff", b"ab  ", b"1 1"],
]


def python(expression: bytes, flags: int = 0) -> re.Pattern[bytes] | None:
    """The expression compiled by Python, None if it is refused or warned about."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return re.compile(expression, flags)
        except (re.error, Warning, OverflowError):
            return None


@settings(max_examples=350, deadline=None, suppress_health_check=list(HealthCheck))
@example(rb"\B", [], "raw", False)
@example(rb"(?i)[^a]", [], "raw", False)
@example(rb"(?x) a # b", [], "raw", False)
@example(rb"(a)|b(?(1)c|d)", [b"bd"], "stripped", False)
@example(rb"(?=(ab))\1", [], "raw", False)
@example(rb"((?i:a))\1", [b"aA", b"AA"], "raw", False)
@example(rb"a*+a|b", [], "raw", False)
@example(rb"(?>a|ab)$", [], "stripped", False)
@example(rb"^[^a]$", [], "raw", True)
@example(rb"(a)|\1b", [], "raw", False)
@example(rb"(?:a|[^\x00-\xff])b", [], "raw", False)
@example(rb"[^\x00-\xff]", [], "raw", False)
@given(expressions, st.lists(strategies.lines, max_size=5), st.sampled_from(["raw", "stripped"]), st.booleans())
def test_the_verdict_on_every_line_is_that_of_re_search(
    expression: bytes, made_up: list[bytes], view: View, caseless: bool
) -> None:
    assume(not caseless or b"(?-i:" not in expression)  # case is disregarded by the rule set, whatever its rules say
    lines = LINES + made_up
    compiled = python(expression, re.IGNORECASE if caseless else 0)
    got = verdicts(expression, lines, view, language="regex", caseless=caseless)
    if compiled is None:
        assert got is None
        return
    seen = lines if view == "raw" else [line.rstrip(BLANKS) for line in lines]
    assert got == {index for index, line in enumerate(seen) if compiled.search(line)}


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@example(rb"(?P<a>x)?(?P<b>y)", [b"y"])
@example(rb"(\d+) (?P<name>\w+)", [b"1 a"])
@given(expressions, st.lists(strategies.lines, min_size=1, max_size=5))
def test_fields_are_the_groups_that_re_search_has(expression: bytes, lines: list[bytes]) -> None:
    compiled = python(expression)
    assume(compiled is not None)
    # what a repeated group held last is told differently where it can be empty
    assume(not re.search(rb"\)[*+?{]", expression))
    assert compiled is not None
    names = {index: name for name, index in compiled.groupindex.items()}
    for line in LINES + lines:
        taken = fields(rule(expression, "regex"), line)
        found = compiled.search(line)
        wanted = (
            {names.get(at, str(at)): text for at, text in enumerate(found.groups(), 1) if text is not None} if found else {}
        )
        # an engine that does not backtrack is not asked where only one that does can tell
        assert taken in ({}, wanted)


@pytest.mark.parametrize(
    ("expression", "line", "taken"),
    [
        (rb"from (?P<host>[\d.]+) port (\d+)", b"from 1.2.3.4 port 22", {"host": b"1.2.3.4", "2": b"22"}),
        (rb"^(?P<a>x)?(?P<b>y)", b"y", {"b": b"y"}),
        (rb"<(.+?)>", b"<a><b>", {"1": b"a"}),
        (rb"<(.+)>", b"<a><b>", {"1": b"a><b"}),
        (rb"(?i)(a)", b"A", {"1": b"A"}),
        (rb"no group", b"no group", {}),
        (rb"(a)", b"b", {}),
    ],
)
def test_fields_have_the_names_of_their_groups(expression: bytes, line: bytes, taken: dict[str, bytes]) -> None:
    assert fields(rule(expression, "regex"), line) == taken


@pytest.mark.parametrize(
    "expression",
    [
        rb"(?=a)b", rb"(?!a)b", rb"(?<=a)b", rb"(?<!a)b", rb"(?>a)b", rb"a*+b", rb"(a)?(?(1)b|c)", rb"(a)\1", rb"(?i)(a)\1", rb"\Ba",
    ],
)  # fmt: skip
def test_what_the_scan_cannot_decide_is_confirmed(expression: bytes) -> None:
    database = compile_rules([rule(expression, "regex")])
    assert database.doubtful == database.rules


@pytest.mark.parametrize("expression", [rb"(?i)foo\b.*?[^x]+$", rb"(?P<n>a)(?:b|c){2,3}", rb"^\s*\S+\Z", rb"(?x) a b"])
def test_what_the_scan_can_decide_is_not_confirmed(expression: bytes) -> None:
    assert compile_rules([rule(expression, "regex")]).doubtful == ()


@pytest.mark.parametrize(
    ("expression", "column", "said"),
    [
        (rb"a(b", 2, "missing ), unterminated subpattern"),
        (rb"ab[c", 3, "unterminated character set"),
        (rb"a**", 3, "multiple repeat"),
        (rb"(?P<n>a)(?P<n>b)", 13, "redefinition of group name"),
        (rb"(?<=a*)b", None, "look-behind requires fixed-width pattern"),
        (rb"\q", 1, "bad escape"),
        (rb"(?u)a", 4, "bad inline flags"),
        (rb"[[a]", None, "nested set"),
        (rb"a{99999999999}", None, "too large"),
        (rb"(?L)\w", None, "the flag L"),
        (rb"((?L:\w))", None, "the flag L"),
        (rb"\xff(", 5, "missing )"),
    ],
)
def test_a_mistake_has_an_address(expression: bytes, column: int | None, said: str) -> None:
    (error,) = compile_rules([rule(expression, "regex")]).refused
    assert said in error.found
    assert str(error).startswith("rules:1: " if column is None else f"rules:1:{column}: ")
    assert "Python" in error.expected


def test_a_newline_in_an_expression_matches_nothing_since_no_line_holds_one() -> None:
    lines = [b"a", b"b", b"ab", b""]
    assert verdicts(b"a\nb", lines, language="regex") == set()
    assert verdicts(b"(?:a\n)?b", lines, language="regex") == {1, 2}
    database = compile_rules([rule(b"a$\n^b", "regex"), rule(b"ab")])
    assert matched(database, lines) == {2}
