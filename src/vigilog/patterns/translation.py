"""Rules translated and compiled for Hyperscan, and what to do about those that it refuses."""

from __future__ import annotations

import hyperscan

from vigilog.core.errors import RuleError
from vigilog.core.nouns import Rule
from vigilog.patterns import emit, lines
from vigilog.patterns.block import View
from vigilog.patterns.confirm import tree_of
from vigilog.patterns.database import Compiled
from vigilog.patterns.syntax import NEVER, Choice, Foreign, Group, Node, Repeat, Sequence, choice, repeat, sequence

CANNOT_MATCH = "can never match"
"""What Hyperscan says of an expression that no text can match."""
MOST_SHOWN = 200

Expressions = dict[str, list[int]]
Refused = list[tuple[int, RuleError]]


def compiled(rules: tuple[Rule, ...], view: View, *, caseless: bool) -> Compiled:
    """The rules as one database. Takes about three milliseconds for each rule. A rule that cannot be compiled is left out."""
    expressions, inexact, refused = _translate(rules, view, caseless=caseless)
    scanner = None
    while expressions or inexact:
        scanner = _compile([*expressions, *inexact])
        if scanner is not None:
            break
        expressions, inexact, refused = _widen_refused(rules, view, expressions, inexact, refused, caseless=caseless)
    owners = tuple(tuple(owner) for owner in (*expressions.values(), *inexact.values()))
    return Compiled(scanner, owners, len(expressions), tuple(refused))


def _translate(rules: tuple[Rule, ...], view: View, *, caseless: bool) -> tuple[Expressions, Expressions, Refused]:
    """Expression text to the rules it stands for: the exact ones, those to be confirmed, and the rules with an error."""
    exact: Expressions = {}
    inexact: Expressions = {}
    refused: Refused = []
    for index, rule in enumerate(rules):
        try:
            pattern = lines.line_pattern(tree_of(rule, caseless=caseless), view)
            text = emit.expression(pattern.tree, "hyperscan")
        except RuleError as error:
            refused.append((index, error))
            continue
        except RecursionError:
            refused.append((index, RuleError("a pattern nested too deeply", place=rule.place, expected="fewer levels")))
            continue
        if pattern.tree == NEVER:  # as `a^b`, which is no mistake; Hyperscan would refuse the whole set for it
            continue
        if pattern.exact:
            exact.setdefault(text, []).append(index)
        else:
            inexact[_own(inexact, text)] = [index]
    return exact, inexact, refused


def _own(taken: Expressions, text: str) -> str:
    """`text`, or the same in a group if another rule has it: each inexact hit must name one rule to confirm."""
    while text in taken:
        text = f"(?:{text})"
    return text


def _compile(texts: list[str]) -> hyperscan.Database | None:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    try:
        database.compile(
            expressions=[text.encode("ascii") for text in texts], ids=list(range(len(texts))), flags=[0] * len(texts)
        )
    except hyperscan.error:
        return None
    return database


def _refusal(text: str) -> str:
    """Why Hyperscan refuses an expression, '' if it takes it."""
    try:
        hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK).compile(expressions=[text.encode("ascii")], ids=[0], flags=[0])
    except hyperscan.error as error:
        return str(error)
    return ""


def _widen_refused(
    rules: tuple[Rule, ...], view: View, expressions: Expressions, inexact: Expressions, refused: Refused, *, caseless: bool
) -> tuple[Expressions, Expressions, Refused]:
    """Finds what Hyperscan refuses, which it does not say, and replaces it by something wider that it takes.

    What it refuses because no line can match it needs no place in a database.
    """
    exact: Expressions = {}
    doubtful: Expressions = {}
    refused = list(refused)
    for text, owner in expressions.items():
        why = _refusal(text)
        if not why:
            exact[text] = owner
        elif CANNOT_MATCH not in why:
            for index in owner:
                _add_wider(doubtful, refused, rules[index], index, view, caseless=caseless)
    for text, owner in inexact.items():
        why = _refusal(text)
        if not why:
            doubtful[text] = owner
        elif CANNOT_MATCH not in why:
            _add_wider(doubtful, refused, rules[owner[0]], owner[0], view, caseless=caseless)
    if exact == expressions and doubtful == inexact:
        raise RuleError("a rule set that Hyperscan refuses as a whole", expected="fewer or smaller rules", place=rules[0].place)
    return exact, doubtful, refused


def _add_wider(doubtful: Expressions, refused: Refused, rule: Rule, index: int, view: View, *, caseless: bool) -> None:
    tree = _without_counts(tree_of(rule, caseless=caseless))
    text = emit.expression(lines.line_pattern(tree, view).tree, "hyperscan")
    why = _refusal(text)
    if not why:
        doubtful[_own(doubtful, text)] = [index]
        return
    shown = rule.text[:MOST_SHOWN].decode("ascii", "backslashreplace")
    more = "..." if len(rule.text) > MOST_SHOWN else ""
    found = f"{why.rstrip('.')}: `{shown}{more}`"
    refused.append((index, RuleError(found, place=rule.place, expected="a pattern that Hyperscan can hold")))


def _without_counts(node: Node) -> Node:
    """A wider tree: every counted repetition has no upper limit, which is what makes patterns too large."""
    match node:
        case Repeat(body=body, least=least, most=most):
            small = most is not None and most <= 1
            return repeat(_without_counts(body), min(least, 1), most if small else None)
        case Sequence(parts=parts):
            return sequence([_without_counts(part) for part in parts])
        case Choice(branches=branches):
            return choice([_without_counts(branch) for branch in branches])
        case Group(body=body) | Foreign(wider=body):
            return _without_counts(body)
        case _:
            return node
