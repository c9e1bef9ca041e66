"""Which patterns a backtracking engine decides quickly whatever the line, so that its speed may be used.

What makes it slow is choice: a repetition that can end in more than one place. One such choice on a line of limited length
costs little; two multiply. A repetition whose bytes cannot begin what follows has no choice (`[^ ]+ `); neither has a search
that must begin at the line's start.
"""

from __future__ import annotations

from vigilog.patterns import syntax
from vigilog.patterns.syntax import (
    ANY_MASK,
    LINE_END,
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
)

MOST_CHOICES = 1
_TOO_MANY = 99
_NEAR = 4
"""How many bytes behind a repetition are looked at."""


def gentle(tree: Node) -> bool:
    """Whether Python's `re` decides `tree` on a line of a few KiB without noticeable delay: at most one choice in all."""
    start = 0 if _begins_at_start(tree) else 1
    return start + _choices(tree, 0) <= MOST_CHOICES


def _begins_at_start(tree: Node) -> bool:
    match tree:
        case Assertion():
            return tree == LINE_START
        case Sequence(parts=parts):
            return bool(parts) and _begins_at_start(parts[0])
        case Choice(branches=branches):
            return bool(branches) and all(map(_begins_at_start, branches))
        case Group(body=body):
            return _begins_at_start(body)
        case _:
            return False


def _choices(node: Node, following: int) -> int:
    """How many repetitions in `node` can end in more than one place; `following` are the bytes that can come behind it."""
    match node:
        case Sequence(parts=parts):
            total = 0
            for place in range(len(parts) - 1, -1, -1):
                part = parts[place]
                if not _is_closed(part, parts[place + 1 : place + 1 + _NEAR]):
                    total += _choices(part, following)
                following = _first(part) | (following if syntax.nullable(part) else 0)
                if part == LINE_END:
                    following = 0
            return total
        case Choice(branches=branches):
            return max((_choices(branch, following) for branch in branches), default=0)
        case Group(body=body):
            return _choices(body, following)
        case Repeat(body=body, most=most):
            inside = _choices(body, _first(body) | following)
            if most is not None and (most <= 1 or not inside):
                return inside
            if inside or not _is_one_way(body):
                return _TOO_MANY
            return 1 if _first(body) & following else 0
        case Foreign() | BackReference():
            return _TOO_MANY
        case _:
            return 0


def _is_closed(part: Node, behind: tuple[Node, ...]) -> bool:
    """Whether a repeated byte can end in a few places only, since one that it cannot be must stand near behind it."""
    match part:
        case Repeat(body=Chars(bits=bits)):
            for near in behind:
                if not isinstance(near, Chars):
                    return False
                if not near.bits & bits:
                    return True
    return False


def _is_one_way(body: Node) -> bool:
    """Whether a repeated body is never empty, and its branches can be told apart by their first byte."""
    match body:
        case Chars():
            return True
        case Group(body=inner):
            return _is_one_way(inner)
        case Sequence(parts=parts):
            return not syntax.nullable(body) and all(map(_is_one_way, parts))
        case Choice(branches=branches):
            seen = 0
            for branch in branches:
                first = _first(branch)
                if first & seen or not _is_one_way(branch):
                    return False
                seen |= first
            return True
        case _:
            return False


def _first(node: Node) -> int:
    """The bytes that a match of `node` can begin with, if it is not empty."""
    match node:
        case Chars(bits=bits):
            return bits
        case Sequence(parts=parts):
            found = 0
            for part in parts:
                found |= _first(part)
                if not syntax.nullable(part):
                    break
            return found
        case Choice(branches=branches):
            found = 0
            for branch in branches:
                found |= _first(branch)
            return found
        case Repeat(body=body) | Group(body=body):
            return _first(body)
        case Assertion():
            return 0
        case _:
            return ANY_MASK
