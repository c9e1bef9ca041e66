"""Rules translated and compiled for Hyperscan, and what to do about those that it refuses."""

from __future__ import annotations

import hyperscan

from vigilog.core.errors import RuleError
from vigilog.core.nouns import Rule
from vigilog.patterns import emit, lines
from vigilog.patterns.block import View
from vigilog.patterns.confirm import tree_of
from vigilog.patterns.database import Compiled
from vigilog.patterns.syntax import Choice, Foreign, Group, Node, Repeat, Sequence, choice, repeat, sequence

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
        except RuleError as error:
            refused.append((index, error))
            continue
        if pattern.exact:
            exact.setdefault(emit.expression(pattern.tree, "hyperscan"), []).append(index)
        else:
            inexact[_own(inexact, emit.expression(pattern.tree, "hyperscan"))] = [index]
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


def _can_match(text: str) -> bool:
    """False for what Hyperscan refuses because no line can match it; such a rule needs no place in a database."""
    try:
        hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK).compile(expressions=[text.encode("ascii")], ids=[0], flags=[0])
    except hyperscan.error as error:
        return "never match" not in str(error)
    return True


def _widen_refused(
    rules: tuple[Rule, ...], view: View, expressions: Expressions, inexact: Expressions, refused: Refused, *, caseless: bool
) -> tuple[Expressions, Expressions, Refused]:
    """Finds what Hyperscan refuses, which it does not say, and replaces it by something wider that it takes."""
    exact: Expressions = {}
    doubtful: Expressions = {}
    refused = list(refused)
    for text, owner in expressions.items():
        if not _can_match(text):
            continue
        if _compile([text]) is not None:
            exact[text] = owner
            continue
        for index in owner:
            _add_wider(doubtful, refused, rules[index], index, view, caseless=caseless)
    for text, owner in inexact.items():
        if _compile([text]) is not None:
            doubtful[text] = owner
        elif _can_match(text):
            _add_wider(doubtful, refused, rules[owner[0]], owner[0], view, caseless=caseless)
    if len(exact) == len(expressions) and len(doubtful) == len(inexact):
        raise RuleError("a rule set that Hyperscan refuses as a whole", expected="fewer or smaller rules", place=rules[0].place)
    return exact, doubtful, refused


def _add_wider(doubtful: Expressions, refused: Refused, rule: Rule, index: int, view: View, *, caseless: bool) -> None:
    tree = _without_counts(tree_of(rule, caseless=caseless))
    text = emit.expression(lines.line_pattern(tree, view).tree, "hyperscan")
    if _compile([text]) is not None:
        doubtful[_own(doubtful, text)] = [index]
        return
    shown = rule.text.decode("ascii", "backslashreplace")
    refused.append((index, RuleError(f"`{shown}`", place=rule.place, expected="a pattern that Hyperscan can hold")))


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
