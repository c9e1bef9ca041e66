"""What a pattern leaves open: the stretches of a line in which anything may stand, and lines made up from a pattern alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from vigilog.core.nouns import Rule
from vigilog.patterns import emit, syntax
from vigilog.patterns.confirm import tree_of
from vigilog.patterns.syntax import Chars, Choice, Foreign, Group, Node, Repeat
from vigilog.patterns.syntax import Sequence as Parts

LOOSE = syntax.mask(b" '\"([<")
"""A class with one of these bytes holds more than words, names of hosts, numbers and their like: it is open."""
FEW = 8
"""A class of fewer bytes than this, such as the blank alone, holds no text."""
SHORT = 8
"""A repetition of fewer bytes than this holds no address."""
MARK = "open_"
WORD = b"guest"

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Anatomy:
    """Where things are in a line that a pattern matches: the values of the fields asked for, and the open stretches outside of
    these, in their order, none within another."""

    targets: tuple[Span, ...]
    open: tuple[Span, ...]


def dissection(rule: Rule, targets: Sequence[int]) -> Callable[[bytes], Anatomy | None]:
    """A function that takes a line (as the pattern sees it) apart, None for one that does not match. `targets` are the
    captures asked for, by their places (from 0). Look-arounds are not looked at: a line that they alone refuse is taken apart.
    """
    search = re.compile(emit.expression(_marked(tree_of(rule, caseless=False), targets), "re").encode("ascii")).search

    def dissect(line: bytes) -> Anatomy | None:
        found = search(line)
        if found is None:
            return None
        spans = {name: found.span(name) for name in found.re.groupindex if found.span(name)[0] >= 0}
        wanted = tuple(span for name, span in spans.items() if not name.startswith(MARK))
        opened = sorted(span for name, span in spans.items() if name.startswith(MARK))
        apart = [span for span in opened if not any(_overlap(span, target) for target in wanted)]
        return Anatomy(wanted, tuple(apart))

    return dissect


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def is_open(node: Node) -> bool:
    """Whether a repetition holds text of many kinds: enough of it, and more than words and names."""
    match node:
        case Repeat(body=body, most=most):
            return (most is None or most >= SHORT) and any(
                isinstance(part, Chars) and part.bits & LOOSE and part.bits.bit_count() >= FEW for part in syntax.walk(body)
            )
        case _:
            return False


def _marked(tree: Node, targets: Iterable[int]) -> Node:
    """The tree for `re`, in which only the captures asked for (named t0, t1, ...) and the open repetitions are captures."""
    names = {place + 1: f"t{number}" for number, place in enumerate(targets)}
    marks = iter(range(len(list(syntax.walk(tree)))))

    def mark(node: Node) -> Node:
        if is_open(node):
            return Group(_plain(node), 0, f"{MARK}{next(marks)}")
        match node:
            case Group(body=body, index=index):
                return Group(mark(body), 0, names[index]) if index in names else mark(body)
            case Parts(parts=parts):
                return Parts(tuple(map(mark, parts)))
            case Choice(branches=branches):
                return Choice(tuple(map(mark, branches)))
            case Repeat(body=body):
                return replace(node, body=mark(body) if node.most == 1 else _plain(body))
            case Foreign(wider=wider):
                return mark(wider)
            case _:
                return _plain(node)

    return mark(tree)


def _plain(node: Node) -> Node:
    """The node without captures, and without what refers to them."""
    match node:
        case Group(body=body) | Foreign(wider=body):
            return _plain(body)
        case Parts(parts=parts):
            return Parts(tuple(map(_plain, parts)))
        case Choice(branches=branches):
            return Choice(tuple(map(_plain, branches)))
        case Repeat(body=body):
            return replace(node, body=_plain(body))
        case syntax.BackReference():
            return syntax.ANYTHING
        case _:
            return node


def example(rule: Rule, values: Mapping[int, bytes], *, full: bool = False) -> bytes:
    """A line that the pattern should match, with these values in its captures (by their places, from 0), as far as these can
    hold them; `full`: with all that may be missing. Look-arounds and back-references may make it one that does not match."""

    def text(node: Node) -> bytes:
        match node:
            case Chars(bits=bits):
                return bytes([next((byte for byte in b"x1 " if bits >> byte & 1), next(syntax.members(bits), 0x20))])
            case Parts(parts=parts):
                return b"".join(map(text, parts))
            case Choice(branches=branches):
                return text(branches[0]) if branches else b""
            case Group(body=body, index=index):
                value = values.get(index - 1)
                return value if value is not None and _holds(body, value) else text(body)
            case Repeat(body=body, least=least, most=most):
                if most is None and least <= len(WORD) and _holds(node, WORD):
                    return WORD
                return text(body) * max(least, 0 if most == 1 and not full else 1)
            case Foreign(wider=wider):
                return text(wider)
            case _:
                return b""

    return text(tree_of(rule, caseless=False))


def _holds(node: Node, value: bytes) -> bool:
    return re.fullmatch(emit.expression(_plain(node), "re").encode("ascii"), value) is not None
