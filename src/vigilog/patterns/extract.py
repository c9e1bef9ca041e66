"""The fields that a pattern takes out of a line: its captures, by name or by number.

Python's `re` takes them out of short lines where no such line could make it slow (`gentle`), RE2 otherwise; what only a
backtracking engine understands is taken out in a process that can be killed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from vigilog.core.nouns import Rule
from vigilog.patterns import emit, regex, syntax
from vigilog.patterns.confirm import Captures, KillableSearch, linear, python_expression, tree_of
from vigilog.patterns.gentle import LONGEST, gentle
from vigilog.patterns.languages import LANGUAGES
from vigilog.patterns.syntax import Group, Node

Take = Callable[[bytes], Captures | None]
"""Gives what the captures of a pattern hold in a line (as its view has it, without newline); None if it does not match."""


@dataclass(frozen=True, slots=True)
class Extractor:
    """`names` are the captures' names in their order (a capture without a name has its number), `take` takes them out."""

    names: tuple[str, ...]
    take: Take


def extractor(rule: Rule, *, caseless: bool = False) -> Extractor:
    """The extractor of `rule`, whose engine is made ready with the first line: of many patterns few are ever asked.

    Raises RuleError for a pattern that is none.
    """
    ready: Take | None = None

    def take(line: bytes) -> Captures | None:
        nonlocal ready
        if ready is None:
            ready = prepared(rule, caseless=caseless)
        return ready(line)

    groups = groups_of(tree_of(rule, caseless=caseless))
    return Extractor(tuple(groups.get(index, str(index)) for index in range(1, max(groups, default=0) + 1)), take)


def behind(made: Extractor, pattern: bytes, place: Callable[[bytes], int]) -> Extractor:
    """The same extractor, quicker: of a line that is known to match, `pattern` (one of Python's `re`, with the same captures)
    is what is left to be matched at `place`. Where it does not match there, `made` is asked."""
    match: Callable[[bytes, int], re.Match[bytes] | None] | None = None
    slow = False

    def take(line: bytes) -> Captures | None:
        nonlocal match, slow
        if match is None and not slow:
            if gentle(regex.parse(b"^(?:" + pattern + b")")):
                match = re.compile(emit.expression(regex.parse(pattern), "re").encode("ascii")).match
            slow = match is None
        if match is not None and len(line) <= LONGEST:
            found = match(line, place(line))
            if found:
                return found.groups()
        return made.take(line)

    return Extractor(made.names, take)


def groups_of(tree: Node) -> dict[int, str]:
    """The captures in a tree by their numbers: their names, or else the numbers. One that no match can have is not there."""
    return {node.index: node.name or str(node.index) for node in syntax.walk(tree) if isinstance(node, Group)}


def prepared(rule: Rule, *, caseless: bool) -> Take:
    """What takes the captures of `rule` out of a line, with the engine that suits it."""
    tree = tree_of(rule, caseless=caseless)
    groups = groups_of(tree)
    # where a capture is missing other engines would number those behind it anew
    compiled = linear(rule, caseless=caseless) if len(groups) == max(groups, default=0) else None
    if compiled is None:
        return KillableSearch(python_expression(rule, tree), re.IGNORECASE if caseless else 0).captures

    def always(line: bytes) -> Captures | None:
        found = compiled.search(line)
        return found.groups() if found else None

    taker = LANGUAGES[rule.language].taker
    if taker and not caseless:
        own = taker(rule.text)
        return lambda line: own(line) or always(line)
    if not gentle(tree):
        return always
    search = re.compile(emit.expression(tree, "re").encode("ascii")).search

    def quickly(line: bytes) -> Captures | None:
        if len(line) > LONGEST:
            return always(line)
        found = search(line)
        return found.groups() if found else None

    return quickly


def fields(rule: Rule, line: bytes, *, caseless: bool = False) -> dict[str, bytes]:
    """What each capture of `rule` holds in a line that it matches, by its name or else its number; {} if there are none or
    that could not be decided. `line` is as the pattern sees it, without newline."""
    made = extractor(rule, caseless=caseless)
    found = made.take(line) or ()
    return {name: value for name, value in zip(made.names, found, strict=False) if value is not None}
