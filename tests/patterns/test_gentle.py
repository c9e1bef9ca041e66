"""What `gentle` accepts, a backtracking engine decides quickly on every line; what could be made slow, it refuses."""

import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from vigilog.patterns import emit, regex, scanf, syntax
from vigilog.patterns.gentle import LONGEST, gentle
from vigilog.patterns.syntax import Assertion, Chars, Choice, Group, Node, Repeat, Sequence

PROCESSOR_SECONDS = 0.5
"""What is gentle takes some milliseconds, what is not hours, or at least seconds."""


class TooLong(Exception):
    """Too many steps, or too much time."""


@pytest.mark.parametrize(
    "text",
    [
        rb"(a+)+",
        rb".*.*x",
        rb"x.*y.*z",
        rb"(a|aa)*b",
        rb"(\w+\s?)*$",
        rb"(x+x+)+y",
        rb"(a*)*b",
        rb"(a?){25}a{25}",
        rb"a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?aaaaaaaaaaaaaaaaaaaa",
        rb"(?:a|aa)" * 20 + b"b",
        rb"(?:a|ab)(?:c|bcd)" * 10 + b"$",
        rb".{0,900}.{0,900}.{0,900}x",
        rb"[ab]{0,300}[ab]{0,300}c",
        rb"^(.*) from (.*) port (.*) ssh$",
        rb"(a+)\1b",
        rb"(?=a+b)a+c",
        rb"(?:(?:a{0,9}){0,9}){0,9}b",
        rb"^(?:.*,)*x",
    ],
)
def test_the_classic_ways_to_be_slow_are_refused(text: bytes) -> None:
    assert not gentle(regex.parse(text))


@pytest.mark.parametrize(
    "text",
    [
        rb"Failed password",
        rb"^(?P<user>.*) from (?P<address>[0-9a-f:.]+) port \d+$",
        rb"rhost=(?P<address>[^ ]+)(?: user=(?P<user>.*))?$",
        rb"(?:emerg|alert|crit|err|warn|warning|notice|info|debug) ",
        rb"^[a-z]+, (?:[a-z]+, )*[0-9]{1,3}$",
        rb"(?:\d{1,3}\.){3}\d{1,3}",
        rb"[^ ]+abc ",
        rb"\[(?:[^\]]*)\] \w+: ",
        rb"(?:a|a)*b",
        rb"^(?:a|ab)*c",
    ],
)
def test_what_the_next_bytes_decide_is_gentle(text: bytes) -> None:
    assert gentle(regex.parse(text))


def test_scanf_patterns_with_codes_between_blanks_are_gentle() -> None:
    assert gentle(scanf.parse(b"dnsmasq-dhcp[%d]: DHCPACK(%s) %s"))
    assert gentle(scanf.parse(b"bad password attempt for '%s' from %s"))
    assert not gentle(scanf.parse(b"%b x %b y %b z"))


def steps(tree: Node, line: bytes, limit: int) -> int:
    """How many steps the plainest backtracking search takes to look for `tree` in `line`. Raises TooLong beyond `limit`."""
    taken = 0

    def match(node: Node, at: int, then: Callable[[int], bool]) -> bool:
        nonlocal taken
        taken += 1
        if taken > limit:
            raise TooLong
        match node:
            case Chars(bits=bits):
                return at < len(line) and bool(bits >> line[at] & 1) and then(at + 1)
            case Group(body=body):
                return match(body, at, then)
            case Choice(branches=branches):
                return any(match(branch, at, then) for branch in branches)
            case Sequence(parts=parts):
                return (not parts and then(at)) or (bool(parts) and match(parts[0], at, rest(Sequence(parts[1:]), then)))
            case Repeat():
                return again(node, 0, at, then)
            case Assertion(kind="line start"):
                return at == 0 and then(at)
            case Assertion(kind="line end"):
                return at == len(line) and then(at)
            case _:
                return then(at)

    def rest(node: Node, then: Callable[[int], bool]) -> Callable[[int], bool]:
        return lambda at: match(node, at, then)

    def again(node: Repeat, times: int, at: int, then: Callable[[int], bool]) -> bool:
        def more() -> bool:
            return (node.most is None or times < node.most) and match(
                node.body, at, lambda end: (end != at or times < node.least) and again(node, times + 1, end, then)
            )

        def enough() -> bool:
            return times >= node.least and then(at)

        return more() or enough() if node.greedy else enough() or more()

    for start in range(len(line) + 1):
        if match(tree, start, lambda end: True):
            break
    return taken


atoms = st.sampled_from([*rb"a b c . [ab] [^a] [bc] \w aa ab b{2}".split(), b" "])
counts = st.sampled_from(rb"* + ? {2} {1,3} {0,2} {2,} *? +? ??".split())


def _larger(inner: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    groups = inner.map(lambda text: b"(?:" + text + b")")
    repeated = st.tuples(st.one_of(atoms, groups), counts).map(b"".join)
    joined = st.lists(st.one_of(inner, repeated), min_size=1, max_size=4).map(b"".join)
    return st.one_of(
        joined, groups, repeated, st.lists(inner, min_size=2, max_size=3).map(lambda some: b"(?:" + b"|".join(some) + b")")
    )


expressions = st.tuples(
    st.sampled_from([b"", b"", b"^"]),
    st.recursive(atoms, _larger, max_leaves=8),
    st.sampled_from([b"", b"$", b"c", b"x", b" "]),
).map(b"".join)
words = st.lists(st.sampled_from([b"a", b"b", b"c", b" ", b"x"]), max_size=4).map(b"".join)
pumps = words.filter(bool)


def parsed(text: bytes) -> Node:
    try:
        return regex.parse(text)
    except Exception:  # a made-up expression that is none
        assume(False)
        raise


@contextmanager
def deep() -> Iterator[None]:
    former = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        yield
    finally:
        sys.setrecursionlimit(former)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@example(rb"a?b?a?b?a?b?$", b"", b"ab", b"x")
@example(rb"[ab]{0,2}[ab]{0,2}c", b"", b"a", b"")
@example(rb"(?:ab|a)*c", b"", b"ab", b"x")
@example(rb"^.*[ab]+c", b"", b"ab", b"x")
@example(rb"(?:a+b)+c", b"", b"ab", b"")
@given(expressions, words, pumps, words)
def test_the_steps_of_a_gentle_search_grow_with_the_square_of_the_line_at_most(
    text: bytes, before: bytes, pump: bytes, after: bytes
) -> None:
    """A line four times as long takes at most sixteen times the steps (a quarter more for what stands around); with one more
    choice it would be sixty-four times."""
    tree = parsed(text)
    assume(gentle(tree))
    with deep():
        short = steps(tree, before + pump * (40 // len(pump)) + after, 1_000_000)
        steps(tree, before + pump * (160 // len(pump)) + after, 20 * short + 2000)


def test_the_count_of_steps_tells_the_slow_from_the_quick() -> None:
    with deep():
        for text, pump in [(rb".*.*x", b"a"), (rb"(?:a|aa)+$", b"a"), (rb"(?:\w+ ?)+$", b"a")]:
            tree = regex.parse(text)
            with pytest.raises(TooLong):
                steps(tree, pump * 48 + b"\x01", 20 * steps(tree, pump * 12 + b"\x01", 10_000_000) + 200)


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raises TooLong in a search that uses more processor time than this."""

    def too_long(*_: object) -> None:
        raise TooLong

    former = signal.signal(signal.SIGVTALRM, too_long)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, former)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(expressions, words, pumps, words)
def test_python_decides_a_gentle_pattern_quickly_on_the_longest_lines(
    text: bytes, before: bytes, pump: bytes, after: bytes
) -> None:
    tree = parsed(text)
    assume(gentle(tree))
    search = re.compile(emit.expression(tree, "re").encode("ascii")).search
    room = LONGEST - len(before) - len(after)
    with limited(PROCESSOR_SECONDS):
        search(before + pump * (room // len(pump)) + after)


def test_the_limit_on_time_ends_what_is_slow() -> None:
    with pytest.raises(TooLong), limited(0.05):
        re.compile(rb"(?:a+)+$").search(b"a" * LONGEST + b"x")


@pytest.mark.parametrize(
    ("text", "pump"),
    [
        (rb"[^ ]+ x", b"a"),
        (rb"(?:a|b)+c", b"ab"),
        (rb"\d+\.\d+x", b"1"),
        (rb"(?:ab)+c", b"ab"),
        (rb"^.* from [0-9]+ port x$", b" from 1 port "),
        (rb"^.*[ab]+c", b"ab"),
        (rb"^(?:a|aa){0,5}.*[ab]+c", b"a"),
        (rb"[ab]{0,14}[ab]{0,14}c", b"a"),
    ],
)
def test_the_worst_that_is_still_accepted_takes_no_noticeable_time(text: bytes, pump: bytes) -> None:
    assert gentle(regex.parse(text))
    with limited(PROCESSOR_SECONDS):
        re.compile(text).search(pump * (LONGEST // len(pump)))


def test_what_is_simplified_is_judged_as_simplified() -> None:
    """Python's own engine takes `(?:a|a)*b` for what it is written as, which is why it is given what the tree says."""
    tree = regex.parse(rb"(?:a|a)*b")
    assert gentle(tree)
    with limited(PROCESSOR_SECONDS):
        assert re.compile(emit.expression(tree, "re").encode()).search(b"a" * LONGEST) is None


def test_all_trees_have_an_answer() -> None:
    for node in (syntax.EMPTY, syntax.NEVER, syntax.ANYTHING, Chars(0), syntax.BackReference(1), syntax.Foreign(syntax.ANY)):
        assert gentle(node) is not (isinstance(node, syntax.BackReference | syntax.Foreign))
