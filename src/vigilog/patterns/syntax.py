"""The tree that every pattern language is parsed into. It describes bytes of one line: no node ever matches a newline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

NEWLINE = 0x0A


def mask(members: Iterable[int]) -> int:
    """A set of byte values as a 256-bit number: bit N says whether byte N is in it."""
    bits = 0
    for member in members:
        bits |= 1 << member
    return bits


def members(bits: int) -> Iterator[int]:
    """The byte values in a set, ascending."""
    return (value for value in range(256) if bits >> value & 1)


ANY_MASK = ((1 << 256) - 1) & ~(1 << NEWLINE)
BLANK_MASK = mask(b" \t\r\v\f")
WORD_MASK = mask(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")

AssertionKind = Literal["line start", "line end", "word edge", "no word edge", "word start", "word end"]


@dataclass(frozen=True, slots=True)
class Chars:
    """One byte out of a set. `negated` says that it was written as all bytes but some, which tells what its cases are."""

    bits: int
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """Its parts, one after the other; without parts it matches the empty string."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Any one of its branches; without branches it matches nothing at all."""

    branches: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """Its body `least` to `most` times; `most` None is without limit. Greediness matters to extraction only."""

    body: Node
    least: int
    most: int | None
    greedy: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """A capture, numbered from 1 in the order of opening."""

    body: Node
    index: int
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Assertion:
    """A condition on a position in the line; matches the empty string there."""

    kind: AssertionKind


@dataclass(frozen=True, slots=True)
class BackReference:
    """The same bytes that a group matched before."""

    index: int


@dataclass(frozen=True, slots=True)
class Foreign:
    """What only the language's own engine can decide: a look-around, an atomic group, a conditional.

    `wider` matches at least wherever it does.
    """

    wider: Node


Node = Chars | Sequence | Choice | Repeat | Group | Assertion | BackReference | Foreign

ANY = Chars(ANY_MASK)
BLANK = Chars(BLANK_MASK)
EMPTY = Sequence(())
NEVER = Choice(())
LINE_START = Assertion("line start")
LINE_END = Assertion("line end")
ANYTHING = Repeat(ANY, 0, None)


def chars(values: Iterable[int]) -> Chars:
    """One byte out of `values`, the newline left out."""
    return Chars(mask(values) & ANY_MASK)


def literal(text: bytes) -> Node:
    """Exactly the bytes of `text`."""
    return sequence(Chars(1 << value & ANY_MASK) for value in text)


def sequence(parts: Iterable[Node]) -> Node:
    """The parts one after the other, flattened; NEVER if one of them is."""
    flat: list[Node] = []
    for part in parts:
        if part == NEVER:
            return NEVER
        if isinstance(part, Sequence):
            flat.extend(part.parts)
        else:
            flat.append(part)
    return flat[0] if len(flat) == 1 else Sequence(tuple(flat))


def choice(branches: Iterable[Node]) -> Node:
    """Any of the branches, flattened, without those that never match and without repetitions."""
    flat: dict[Node, None] = {}
    for branch in branches:
        if isinstance(branch, Choice):
            flat.update(dict.fromkeys(branch.branches))
        elif branch != Chars(0):
            flat[branch] = None
    return next(iter(flat)) if len(flat) == 1 else Choice(tuple(flat))


def repeat(body: Node, least: int, most: int | None, *, greedy: bool = True) -> Node:
    """`body` repeated, simplified where nothing is left to repeat."""
    if most == 0 and any(isinstance(found, Group) for found in walk(body)):
        return Repeat(body, 0, 0)  # nothing, but the groups behind it keep their numbers
    if most == 0 or body == EMPTY:
        return EMPTY
    if body == NEVER:
        return EMPTY if least == 0 else NEVER
    if isinstance(body, Assertion):
        return EMPTY if least == 0 else body
    if least == 1 and most == 1:
        return body
    return Repeat(body, least, most, greedy)


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, each before what it holds."""
    pending = [node]
    while pending:
        found = pending.pop()
        yield found
        if isinstance(found, Sequence):
            pending.extend(reversed(found.parts))
        elif isinstance(found, Choice):
            pending.extend(reversed(found.branches))
        elif isinstance(found, Repeat | Group):
            pending.append(found.body)
        elif isinstance(found, Foreign):
            pending.append(found.wider)


def mentions(node: Node, wanted: Assertion) -> bool:
    """Whether the assertion stands anywhere in the tree."""
    return not isinstance(node, Chars) and any(found == wanted for found in walk(node) if isinstance(found, Assertion))


def nullable(node: Node) -> bool:
    """Whether the empty string can match, taking every assertion as true."""
    match node:
        case Chars():
            return False
        case Sequence(parts=parts):
            return all(nullable(part) for part in parts)
        case Choice(branches=branches):
            return any(nullable(branch) for branch in branches)
        case Repeat(body=body, least=least):
            return least == 0 or nullable(body)
        case Group(body=body) | Foreign(wider=body):
            return nullable(body)
        case Assertion() | BackReference():
            return True


UPPER_MASK = mask(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
LOWER_MASK = UPPER_MASK << 32


def both_cases(bits: int) -> int:
    """The set with the other case of each ASCII letter in it."""
    return bits | (bits & UPPER_MASK) << 32 | (bits & LOWER_MASK) >> 32


def caseless(node: Node) -> Node:
    """The same tree, matching ASCII letters in either case."""
    match node:
        case Chars(bits=bits, negated=True):
            return Chars(ANY_MASK & ~both_cases(ANY_MASK & ~bits))
        case Chars(bits=bits):
            return Chars(both_cases(bits))
        case Sequence(parts=parts):
            return Sequence(tuple(caseless(part) for part in parts))
        case Choice(branches=branches):
            return Choice(tuple(caseless(branch) for branch in branches))
        case Repeat(body=body, least=least, most=most, greedy=greedy):
            return Repeat(caseless(body), least, most, greedy)
        case Group(body=body, index=index, name=name):
            return Group(caseless(body), index, name)
        case Foreign(wider=wider):
            return Foreign(caseless(wider))
        case _:
            return node
