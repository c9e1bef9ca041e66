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

BROAD = 128
"""A set of more bytes than this says nothing about a line."""


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
        compiled = _longest(beginning(_plain(tree_of(rule, caseless=False))))
    except (RuleError, ValueError, RecursionError):
        return 0
    found = compiled.match(line) if compiled is not None else None
    return found.end() if found else 0


def _taken(rule: Rule, line: bytes, reached: int) -> int:
    """How much of the rule's text agrees with the line up to `reached`: the longest part that is a pattern by itself."""
    for length in range(len(rule.text), 0, -1):
        try:
            tree = LANGUAGES[rule.language].parse(rule.text[:length], None)
            compiled = _longest(emit.expression(_plain(tree), "re2"))
        except (RuleError, ValueError):
            continue
        found = compiled.match(line) if compiled is not None else None
        if found and found.end() <= reached:
            return length
    return 0


def _longest(expression: str) -> Any | None:
    """`expression` compiled by RE2 to find the longest match at a place; None where RE2 refuses it."""
    import re2  # noqa: PLC0415 - the library is loaded by the first pattern that needs it

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.longest_match = True
    options.log_errors = False
    try:
        return re2.compile(expression.encode("ascii"), options)
    except re2.error:
        return None


def beginning(node: Node) -> str:
    """An expression for RE2 that matches every beginning of what `node` (without captures) matches.

    Text is made at once, not a tree: it nests as deep as the pattern is long.
    """
    match node:
        case Sequence(parts=parts):
            needed = text = ""
            for part in reversed(parts):
                needed = f"(?:{emit.expression(part, 're2')}){needed if _broad(part) else text}"
                begun = "" if isinstance(part, Chars | Assertion) else beginning(part)
                text = f"(?:{needed}|{begun})"
            return text
        case Choice(branches=branches):
            return f"(?:{'|'.join(map(beginning, branches))})"
        case Repeat() if _broad(node):
            return ""
        case Repeat(body=body, most=most):
            return emit.expression(sequence([repeat(body, 0, most)]), "re2") + beginning(body)
        case _:
            return f"(?:{emit.expression(node, 're2')})?"


def _broad(node: Node) -> bool:
    """Whether it agrees with nearly anything, as `.*` does: then it counts whether the line goes on as the pattern does."""
    return isinstance(node, Repeat) and isinstance(node.body, Chars) and node.body.bits.bit_count() > BROAD


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
        case BackReference():
            return ANYTHING
        case _:
            return node
