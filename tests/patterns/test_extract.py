"""The captures of a pattern are the same whichever engine takes them out: Python's `re`, RE2, or a process that can be killed."""

import re
import time

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from tests.patterns import strategies
from tests.patterns.test_scanf import TABLE
from tests.patterns.verdicts import rule
from vigilog.core.errors import RuleError
from vigilog.core.nouns import Rule
from vigilog.patterns import emit
from vigilog.patterns.block import BLANKS
from vigilog.patterns.confirm import LONGEST_LINE, Captures, KillableSearch, linear, python_expression, tree_of
from vigilog.patterns.extract import Take, extractor, fields
from vigilog.patterns.gentle import LONGEST, gentle


def by_re(text: bytes, language: str, line: bytes) -> Captures | None:
    found = re.search(python_expression(rule(text, language), tree_of(rule(text, language), caseless=False)), line)
    return found.groups() if found else None


def by_re2(text: bytes, language: str, line: bytes) -> Captures | None:
    compiled = linear(rule(text, language))
    assert compiled is not None
    found = compiled.search(line)
    return found.groups() if found else None


def by_killable_search(text: bytes, language: str, line: bytes) -> Captures | None:
    search = KillableSearch(python_expression(rule(text, language), tree_of(rule(text, language), caseless=False)))
    try:
        return search.captures(line)
    finally:
        if search.worker:
            search.worker[0].kill()
            search.worker[0].join()
            search.worker[1].close()


@pytest.mark.parametrize(("pattern", "line", "values"), TABLE, ids=[f"{pattern!r} {line!r}" for pattern, line, _ in TABLE])
def test_the_table_of_cases_has_its_values_from_every_engine(pattern: bytes, line: bytes, values: list[bytes] | None) -> None:
    seen = line.rstrip(BLANKS)
    wanted = None if values is None else tuple(values)
    assert extractor(rule(pattern, "scanf")).take(seen) == wanted
    assert by_re(pattern, "scanf", seen) == wanted
    assert by_re2(pattern, "scanf", seen) == wanted
    assert by_killable_search(pattern, "scanf", seen) == wanted


@pytest.mark.parametrize(
    ("text", "language", "line", "names", "values"),
    [
        (
            rb"for (?P<user>\S+) from (?P<ip>[\d.]+)",
            "regex",
            b"x for root from 1.2.3.4 y",
            ("user", "ip"),
            (b"root", b"1.2.3.4"),
        ),
        (rb"(a)?(?P<n>b)(c)?", "regex", b"bc", ("1", "n", "3"), (None, b"b", b"c")),
        (rb"(?P<n>(a)|b)", "regex", b"b", ("n", "2"), (b"b", None)),
        (rb"user ([^ ]+)( from ([0-9.]+))?", "ere", b"user x from 1.2", ("1", "2", "3"), (b"x", b" from 1.2", b"1.2")),
        (rb"user ([^ ]+)( from ([0-9.]+))?", "ere", b"user x", ("1", "2", "3"), (b"x", None, None)),
        (b"a (b) c", "literal", b"x a (b) c y", (), ()),
        (b"[%d]: %s for '%b'", "scanf", b"x[12]: denied for 'a b'", ("1", "2", "3"), (b"12", b"denied", b"a b")),
        (rb"=(.*)=", "regex", b"=\x00\xff\xfe\x1b[2J=", ("1",), (b"\x00\xff\xfe\x1b[2J",)),
        (b"user %s", "scanf", b"user \xff\x00\xc3", ("1",), (b"\xff\x00\xc3",)),
        (rb"(?i)USER (?P<u>\w+)", "regex", b"user Anna", ("u",), (b"Anna",)),
        (rb"", "regex", b"", (), ()),
    ],
)
def test_names_and_values_of_each_language(
    text: bytes, language: str, line: bytes, names: tuple[str, ...], values: tuple[bytes | None, ...]
) -> None:
    made = extractor(rule(text, language))
    assert made.names == names
    assert made.take(line) == values
    assert by_re2(text, language, line) == by_re(text, language, line) == by_killable_search(text, language, line) == values


ENGINES = [
    (rb"^user=(?P<user>[^ ]+) (?P<rest>.*)end$", "gentle", b"user=x "),
    (rb"user=(?P<user>.+)(?P<rest> .+)end$", "RE2", b"user=x "),
]


@pytest.mark.parametrize(("text", "engine", "start"), ENGINES, ids=[engine for _, engine, _ in ENGINES])
@pytest.mark.parametrize("size", [LONGEST - 1, LONGEST, LONGEST + 1, LONGEST_LINE, LONGEST_LINE + 1, 1 << 20])
def test_the_length_of_a_line_changes_nothing(text: bytes, engine: str, start: bytes, size: int) -> None:
    made = extractor(rule(text, "regex"))
    assert gentle(tree_of(rule(text, "regex"), caseless=False)) == (engine == "gentle")
    line = start + b"a" * (size - len(start) - 3) + b"end"
    assert len(line) == size
    assert made.take(line) == by_re(text, "regex", line)
    assert made.take(line + b"x") is None


def test_only_a_backtracking_engine_has_a_limit_on_lines_and_says_nothing_beyond_it() -> None:
    made = extractor(rule(rb"(?P<a>x+)=(?P=a)$", "regex"))
    assert made.names == ("a",)
    assert made.take(b"." * (LONGEST_LINE - 5) + b"xx=xx") == (b"xx",)
    assert made.take(b"." * (LONGEST_LINE - 4) + b"xx=xx") is None
    assert made.take(b"xx=") is None


def test_a_hostile_line_takes_no_captures_and_the_next_one_has_them() -> None:
    made = extractor(rule(rb"^(?P<a>(?:aa+)+)b\1x$", "regex"))
    assert made.take(b"aabaax") == (b"aa",)
    assert made.take(b"a" * 60 + b"baaaa") is None
    assert made.take(b"aaabaaax") == (b"aaa",)


@pytest.mark.parametrize(
    "text", [rb"(?P<a>a+)+$", rb"(?P<a>.*)x(.*)y(.*)z$", rb"^(?P<a>\w+\s?)*$", rb"(?P<a>a|aa)+$", rb"(?P<a>(?:a|a)*)b$"]
)
def test_no_line_makes_what_RE2_can_hold_slow(text: bytes) -> None:
    made = extractor(rule(text, "regex"))
    for line in (b"a" * 100_000 + b"\x01", b"a" * LONGEST, b"xy" * 5000, b"a" * (LONGEST - 1) + b"!"):
        started = time.process_time()
        made.take(line)
        assert time.process_time() - started < 1


def test_a_capture_that_can_take_no_part_keeps_its_number() -> None:
    text = rb"x=(?:(a)(?!)|(?P<n>b)|(c))"
    made = extractor(rule(text, "regex"))
    assert made.names == ("1", "n", "3")
    assert made.take(b"x=b") == (None, b"b", None)
    assert fields(rule(text, "regex"), b"x=c") == {"3": b"c"}


def test_case_can_be_disregarded_by_every_engine() -> None:
    for text in (rb"^for (?P<u>\w+)$", rb"for (?P<u>.+) (.+) from", rb"(?P<u>x)=(?P=u)"):
        upper = extractor(rule(text, "regex"), caseless=True)
        for line in (b"FOR Anna", b"fOr A b FROM", b"x=X"):
            found = re.search(text, line, re.IGNORECASE)
            assert upper.take(line) == (found.groups() if found else None)


@pytest.mark.parametrize(("text", "language"), [(rb"(", "regex"), (rb"%q", "scanf"), (b"", "scanf"), (rb"a{2,1}", "regex")])
def test_what_is_no_pattern_is_an_error_with_its_place(text: bytes, language: str) -> None:
    with pytest.raises(RuleError) as caught:
        extractor(rule(text, language))
    assert str(caught.value).startswith("rules:1")


def test_fields_of_a_line_are_those_that_took_part() -> None:
    assert fields(rule(rb"(?P<a>x)|(?P<b>y)", "regex"), b"y") == {"b": b"y"}
    assert fields(rule(rb"(?P<a>x)", "regex"), b"z") == {}


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@example(rb"(|a)+", [b"aa"])
@example(rb"(a*)+b", [b"aab"])
@example(rb"(a|ab)(c|bcd)?", [b"abcd"])
@example(rb"(a)*?(b)?", [b"aab"])
@given(strategies.expressions, st.lists(strategies.lines, min_size=1, max_size=4))
def test_gentle_patterns_have_the_same_captures_from_re_and_from_RE2(text: bytes, lines: list[bytes]) -> None:
    """Lines of both lengths are decided alike. (What is not gentle is always RE2's.)"""
    pattern = rule(text, "regex")
    try:
        tree = tree_of(pattern, caseless=False)
    except RuleError:
        assume(False)
    compiled = linear(pattern)
    assume(compiled is not None and gentle(tree))
    search = re.compile(emit.expression(tree, "re").encode("ascii")).search
    for line in lines:
        one, other, third = search(line), compiled.search(line), re.search(text, line)  # type: ignore[union-attr]
        assert (one and one.groups()) == (other and other.groups()) == (third and third.groups())
        assert extractor(pattern).take(line) == (one.groups() if one else None)


def test_a_pattern_that_no_line_asks_for_costs_no_engine(monkeypatch) -> None:
    made: list[bytes] = []

    def prepared(pattern: Rule, *, caseless: bool) -> Take:
        made.append(pattern.text)
        return lambda line: (line,)

    monkeypatch.setattr("vigilog.patterns.extract.prepared", prepared)
    first, second = extractor(rule(rb"a(b)", "regex")), extractor(rule(rb"(?P<x>c)", "regex"))
    assert (first.names, second.names, made) == (("1",), ("x",), [])
    assert [second.take(b"c"), second.take(b"d")] == [(b"c",), (b"d",)]
    assert made == [rb"(?P<x>c)"]
