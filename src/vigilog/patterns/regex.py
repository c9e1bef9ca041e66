r"""Python's regular expressions (module `re`, bytes), named groups included.

The text is taken apart by Python's own parser, so what it means is what `re.search` means by it. What only a backtracking
engine can decide (look-around, atomic groups, possessive repetitions, conditionals) is widened for the scan.
"""

from __future__ import annotations

import re
import warnings
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from vigilog.core.errors import RuleError
from vigilog.core.nouns import Place
from vigilog.patterns import syntax
from vigilog.patterns.syntax import (
    ANY,
    ANY_MASK,
    EMPTY,
    LINE_END,
    LINE_START,
    NEVER,
    WORD_MASK,
    Assertion,
    Chars,
    Foreign,
    Node,
)

DIGIT_MASK = syntax.mask(b"0123456789")
SPACE_MASK = syntax.mask(b" \t\n\r\v\f")
CATEGORIES = {
    op.CATEGORY_DIGIT: DIGIT_MASK,
    op.CATEGORY_NOT_DIGIT: ~DIGIT_MASK,
    op.CATEGORY_SPACE: SPACE_MASK,
    op.CATEGORY_NOT_SPACE: ~SPACE_MASK,
    op.CATEGORY_WORD: WORD_MASK,
    op.CATEGORY_NOT_WORD: ~WORD_MASK,
}
POSITIONS: dict[Any, Node] = {
    op.AT_BEGINNING: LINE_START,
    op.AT_BEGINNING_STRING: LINE_START,
    op.AT_END: LINE_END,
    op.AT_END_STRING: LINE_END,
    op.AT_BOUNDARY: Assertion("word edge"),
    # Python before 3.14 does not match \B on an empty string
    op.AT_NON_BOUNDARY: Foreign(Assertion("no word edge")),
}


def parse(text: bytes, place: Place | None = None) -> Node:
    """The tree of one expression. Raises RuleError (with the column) where `re.compile` would refuse it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(text)
            parsed = _parser.parse(text)
        names = {index: name for name, index in parsed.state.groupdict.items()}
        return _Tree(names).build(parsed, parsed.state.flags)
    except (re.error, RecursionError, OverflowError, Warning) as error:
        column = getattr(error, "pos", None)
        where = Place(place.file, place.line, None if column is None else column + 1) if place else None
        shown = text.decode("ascii", "backslashreplace")
        raise RuleError(f"{error} in `{shown}`", place=where, expected="a regular expression as Python's re has it") from error


class _Tree:
    """Turns what Python's parser gives into our tree."""

    def __init__(self, names: dict[int, str]) -> None:
        self.names = names

    def build(self, items: Any, flags: int) -> Node:
        if flags & re.LOCALE:
            raise re.error("the flag L: what it means depends on where Vigilog runs")
        return syntax.sequence([self.item(code, argument, flags) for code, argument in items])

    def item(self, code: Any, argument: Any, flags: int) -> Node:
        if code is op.LITERAL:
            return self.chars(1 << argument, flags)
        if code is op.NOT_LITERAL:
            return Chars(ANY_MASK & ~self.chars(1 << argument, flags).bits, negated=True)
        if code is op.ANY:
            return ANY
        if code is op.IN:
            return self.members(argument, flags)
        if code is op.BRANCH:
            return syntax.choice([self.build(branch, flags) for branch in argument[1]])
        if code is op.SUBPATTERN:
            index, added, removed, body = argument
            inner = self.build(body, (flags | added) & ~removed)
            return inner if index is None else syntax.Group(inner, index, self.names.get(index))
        if code in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            least, most, body = argument
            limit = None if most is op.MAXREPEAT else int(most)
            repeated = syntax.repeat(self.build(body, flags), int(least), limit, greedy=code is not op.MIN_REPEAT)
            return Foreign(repeated) if code is op.POSSESSIVE_REPEAT else repeated
        if code is op.AT:
            return POSITIONS[argument]
        if code is op.GROUPREF:
            return Foreign(syntax.ANYTHING) if flags & re.IGNORECASE else syntax.BackReference(argument)
        if code is op.ATOMIC_GROUP:
            return Foreign(self.build(argument, flags))
        if code is op.GROUPREF_EXISTS:
            _, yes, no = argument
            return Foreign(syntax.choice([self.build(yes, flags), self.build(no, flags) if no else EMPTY]))
        if code is op.FAILURE:
            return NEVER
        return Foreign(EMPTY)  # look-arounds: conditions that the scan takes as true

    def chars(self, bits: int, flags: int) -> Chars:
        return Chars((syntax.both_cases(bits) if flags & re.IGNORECASE else bits) & ANY_MASK)

    def members(self, items: Any, flags: int) -> Node:
        bits, negated = 0, False
        for code, argument in items:
            if code is op.NEGATE:
                negated = True
            elif code is op.LITERAL:
                bits |= 1 << argument
            elif code is op.RANGE:
                bits |= syntax.mask(range(argument[0], argument[1] + 1))
            else:
                bits |= CATEGORIES[argument] & ((1 << 256) - 1)
        chosen = self.chars(bits, flags).bits
        return Chars(ANY_MASK & ~chosen if negated else chosen, negated)
