"""How near a line comes to a pattern that does not match it: how far from its start the two agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from vigilog.core.errors import RuleError
from vigilog.core.nouns import Rule
from vigilog.patterns import emit
from vigilog.patterns.confirm import tree_of
from vigilog.patterns.languages import LANGUAGES
from vigilog.patterns.syntax import (
    ANYTHING,
    EMPTY,
    LINE_START,
    Assertion,
    BackReference,
    Chars,
    Choice,
    Foreign,
    Group,
    Node,
    Repeat,
    Sequence,
    choice,
    repeat,
    sequence,
)


@dataclass(frozen=True, slots=True)
class Nearness:
    """`rule` agrees with the first `reached` bytes of the line, by the first `taken` bytes of its own text."""

    rule: Rule
    reached: int
    taken: int


def closest(rules: Iterable[Rule], line: bytes) -> Nearness | None:
    """The rule that matches most of `line` from its start; the first of several, None if none matches a byte of it."""
    best: tuple[int, Rule] | None = None
    for rule in rules:
        reached = _reach(rule, line)
        if reached and (best is None or reached > best[0]):
            best = reached, rule
    if best is None:
        return None
    reached, rule = best
    return Nearness(rule, reached, _taken(rule, line, reached))


def _reach(rule: Rule, line: bytes) -> int:
    try:
        compiled = _longest(beginning(tree_of(rule, caseless=False)))
    except (RuleError, ValueError):
        return 0
    found = compiled.match(line) if compiled is not None else None
    return found.end() if found else 0


def _taken(rule: Rule, line: bytes, reached: int) -> int:
    """How much of the rule's text agrees with the line up to `reached`: the longest part that is a pattern by itself."""
    for length in range(len(rule.text), 0, -1):
        try:
            compiled = _longest(_plain(LANGUAGES[rule.language].parse(rule.text[:length], None)))
        except (RuleError, ValueError):
            continue
        found = compiled.match(line) if compiled is not None else None
        if found and found.end() <= reached:
            return length
    return 0


def _longest(tree: Node) -> Any | None:
    import re2  # noqa: PLC0415 - the library is loaded by the first pattern that needs it

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.longest_match = True
    options.log_errors = False
    try:
        return re2.compile(emit.expression(tree, "re2").encode("ascii"), options)
    except re2.error:
        return None


def beginning(node: Node) -> Node:
    """What matches every beginning of what `node` matches."""
    match node:
        case Chars() | Assertion():
            return choice([_plain(node), EMPTY])
        case Sequence(parts=parts):
            result: Node = EMPTY
            for part in reversed(parts):
                result = choice([sequence([_plain(part), result]), beginning(part)])
            return result
        case Choice(branches=branches):
            return choice([beginning(branch) for branch in branches])
        case Repeat(body=body, most=most):
            return sequence([repeat(_plain(body), 0, most), beginning(body)])
        case Group(body=body) | Foreign(wider=body):
            return beginning(body)
        case BackReference():
            return EMPTY


def _plain(node: Node) -> Node:
    """The node without what RE2 cannot say, matching at least as much."""
    match node:
        case Sequence(parts=parts):
            return sequence([_plain(part) for part in parts])
        case Choice(branches=branches):
            return choice([_plain(branch) for branch in branches])
        case Repeat(body=body, least=least, most=most):
            return repeat(_plain(body), least, most)
        case Group(body=body) | Foreign(wider=body):
            return _plain(body)
        case Assertion(kind="word start" | "word end"):
            return Assertion("word edge")
        case Assertion() if node == LINE_START:
            return node
        case BackReference():
            return ANYTHING
        case _:
            return node
