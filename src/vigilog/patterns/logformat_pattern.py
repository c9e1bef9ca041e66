r"""LogFormat as a pattern language: a template matches the whole line, and each variable is a capture.

A capture has the variable's key for its name, in small letters with `_` for what no name may hold (`header_user_agent`;
`%{format}t` is `stamp`); the second one of a name has none. What stands for no value is not captured. The text is as it stands
in the line: Apache's escapes remain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from vigilog.core.nouns import Place
from vigilog.patterns import regex, syntax
from vigilog.patterns.logformat import Dialect
from vigilog.patterns.logformat_choice import template
from vigilog.patterns.logformat_forms import Item, Variable
from vigilog.patterns.logformat_reading import IN_ESCAPES, PAIR, check_end, endings, expression
from vigilog.patterns.syntax import ANY, ANY_MASK, LINE_END, LINE_START, Chars, Group, Node, choice, repeat, sequence

BLANKS = " \t\r\v\f"
BACKSLASH = 1 << ord("\\")
_NO_NAME = re.compile(r"[^a-z0-9]+")


def parse(text: bytes, dialect: Dialect | None, place: Place | None = None) -> Node:
    """The tree of a template. Raises RuleError for a mistake in it, and for one whose lines cannot be taken apart."""
    pieces, escapes, absent = template(text, dialect, place)
    pieces = without_last_blanks(pieces)
    made: list[Node] = []
    taken: list[str] = []
    for number, piece in enumerate(pieces):
        if isinstance(piece, str):
            made.append(syntax.literal(piece.encode("latin-1")))
            continue
        name = name_of(piece.key)
        body = capture(piece, pieces[number + 1 :], escapes=escapes, place=place)
        node = Group(body, len(taken) + 1, None if name in taken else name)
        made.append(with_absent(piece, absent[len(taken)], node))
        taken.append(name)
    if "" in absent[-1] and isinstance(pieces[-1], Variable) and isinstance(pieces[-2:][0], str):
        made[-2:] = [last_without_blanks(pieces[-2], made[-1])]
    return sequence([LINE_START, *made, LINE_END])


def taker(text: bytes, dialect: Dialect | None) -> Callable[[bytes], tuple[bytes | None, ...] | None]:
    """What takes the captures out of a line, in linear time: the same ones as the tree does, or None where only the tree knows
    (where blanks at the end are left out, or a text holds what follows it). Raises RuleError as `parse` does."""
    pieces, escapes, absent = template(text, dialect, None)
    quick = re.compile(expression(pieces, escapes=escapes, place=None, quick=True).encode("latin-1")).match
    match = re.compile(expression(pieces, escapes=escapes, place=None).encode("latin-1")).match
    variables = [piece for piece in pieces if isinstance(piece, Variable)]
    plan = [
        (frozenset(each.encode("latin-1") for each in words), len(one.marked))
        for one, words in zip(variables, absent, strict=True)
    ]

    def take(line: bytes) -> tuple[bytes | None, ...] | None:
        found = quick(line) or match(line)
        if found is None:
            return None
        groups = zip(found.groups(), plan, strict=True)
        return tuple([None if value in words else value[skipped:] for value, (words, skipped) in groups])

    return take


def without_last_blanks(pieces: tuple[Item, ...]) -> tuple[Item, ...]:
    """A pattern sees a line without the blanks at its end."""
    last = pieces[-1]
    if not isinstance(last, str):
        return pieces
    shorter = last.rstrip(BLANKS)
    return (*pieces[:-1], shorter) if shorter else pieces[:-1]


def last_without_blanks(before: Item, node: Node) -> Node:
    """The last variable and the text before it, whose blanks are gone where the variable has no value."""
    text = str(before)
    shorter = text.rstrip(BLANKS)
    blanks = syntax.literal(text[len(shorter) :].encode("latin-1"))
    rest = repeat(sequence([blanks, node]), 0, 1) if shorter != text else node
    return sequence([syntax.literal(shorter.encode("latin-1")), rest])


def name_of(key: str) -> str:
    """The name of the capture of a key."""
    return "stamp" if "%" in key else _NO_NAME.sub("_", key.lower()).strip("_") or "stamp"


def with_absent(variable: Variable, words: frozenset[str], node: Node) -> Node:
    """The capture, or what stands where there is no value."""
    if variable.marked:
        return repeat(sequence([syntax.literal(variable.marked.encode()), node]), 0, 1)
    return choice([*(syntax.literal(word.encode("latin-1")) for word in sorted(words)), node])


def capture(variable: Variable, behind: Sequence[Item], *, escapes: bool, place: Place | None) -> Node:
    """What a variable's text can be. Raises RuleError if nothing says where it ends."""
    if variable.form.shape:
        check_end(variable, behind, place)
        return regex.parse(variable.form.shape.encode("latin-1"))
    ways = endings(variable, behind, place)
    stops = syntax.mask("".join(way.first for way in ways).encode("latin-1"))
    pairs = escapes and bool(stops & syntax.mask("".join(IN_ESCAPES).encode())) and not stops & BACKSLASH
    is_open = bool(stops) and any(way.rest for way in ways)
    inner = ANY if is_open else Chars(ANY_MASK & ~stops)
    body = choice([Chars(inner.bits & ~BACKSLASH), regex.parse(PAIR.encode())]) if pairs else inner
    return repeat(body, 0, None, greedy=not is_open)
