"""Which patterns a backtracking engine decides quickly whatever the line, so that its speed may be used.

What makes it slow is choice: a repetition that can end in more than one place, branches that can both match. Each choice
multiplies those before it. So the ways through a pattern are counted, generously, for the longest line that is asked about:
a search that may begin anywhere has as many as the line has bytes, a repetition that may end anywhere, too. A few ways more do
not matter, a second such repetition does. Where the next bytes decide (`[^ ]+ `, `(?:err|info)`), there is no choice.
"""

from __future__ import annotations

from collections.abc import Sequence as Listed

from vigilog.patterns import syntax
from vigilog.patterns.syntax import (
    ANY_MASK,
    LINE_END,
    LINE_START,
    Assertion,
    Chars,
    Choice,
    Group,
    Node,
    Repeat,
    Sequence,
)

LONGEST = 512
"""The length of a line, in bytes, up to which a gentle pattern is one."""
MOST_WAYS = 256 * LONGEST
_TOO_MANY = MOST_WAYS + 1
_AHEAD = 4

Ahead = tuple[int, ...]
"""The bytes that can stand at each of the next _AHEAD places; none where nothing needs to match there any more."""
_NOTHING: Ahead = (0,) * _AHEAD
_ANYTHING: Ahead = (ANY_MASK,) * _AHEAD


def gentle(tree: Node) -> bool:
    """Whether Python's `re` decides `tree` on a line of up to LONGEST bytes without noticeable delay. What `re` is given must
    be made of the tree, which may be simpler than its author's text."""
    start = 1 if _begins_at_start(tree) else LONGEST
    return start * _ways(tree, _NOTHING) <= MOST_WAYS


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


def _ways(node: Node, behind: Ahead) -> int:
    """In how many ways `node` can match from one place, at most, where `behind` can stand behind it."""
    match node:
        case Chars() | Assertion():
            return 1
        case Group(body=body):
            return _ways(body, behind)
        case Sequence(parts=parts):
            ways = 1
            for part in reversed(parts):
                ways = min(_TOO_MANY, ways * _ways(part, behind))
                behind = _ahead(part, behind)
            return ways
        case Choice(branches=branches):
            return _ways_of_branches(branches, behind)
        case Repeat(body=body, least=least, most=most):
            return _ways_of_repeated(body, least, most, behind)
        case _:
            return _TOO_MANY


def _ways_of_branches(branches: Listed[Node], behind: Ahead) -> int:
    """The ways of all branches that the same bytes can begin."""
    ways = [_ways(branch, behind) for branch in branches]
    heads = [_ahead(branch, behind) for branch in branches]
    together = (sum(count for count, head in zip(ways, heads, strict=True) if not _are_apart(one, head)) for one in heads)
    return min(_TOO_MANY, max([1, *ways, *together]))


def _ways_of_repeated(body: Node, least: int, most: int | None, behind: Ahead) -> int:
    again = _ahead(Repeat(body, 0, most), behind)
    inside = _ways(body, behind if most == 1 else again)
    decided = least == most or _are_apart(_ahead(body, again if most != 1 else behind), behind)
    if most is None:
        if inside > 1 or syntax.nullable(body):
            return _TOO_MANY
        return 1 if decided else LONGEST
    ways = 1 if decided else most - least + 1
    for _ in range(min(most, MOST_WAYS.bit_length())):
        ways = min(_TOO_MANY, ways * inside)
    return ways


def _are_apart(one: Ahead, other: Ahead) -> bool:
    """Whether no bytes can stand ahead of both."""
    return not all(map(int.__and__, one, other))


def _ahead(node: Node, behind: Ahead) -> Ahead:
    """What can stand from the place on where `node` begins, if it matches and `behind` follows."""
    match node:
        case Chars(bits=bits):
            return (bits, *behind[:-1])
        case Sequence(parts=parts):
            for part in reversed(parts):
                behind = _ahead(part, behind)
            return behind
        case Choice(branches=branches):
            return _any_of([_ahead(branch, behind) for branch in branches])
        case Group(body=body):
            return _ahead(body, behind)
        case Repeat(body=body, least=least, most=most):
            ways = [behind] if least == 0 else []
            times = _AHEAD if most is None else min(most, _AHEAD)
            for count in range(1, times + 1):
                behind = _ahead(body, behind)
                if count >= min(least, times):
                    ways.append(behind)
            return _any_of(ways)
        case Assertion():
            return _NOTHING if node == LINE_END else behind
        case _:
            return _ANYTHING


def _any_of(ways: Listed[Ahead]) -> Ahead:
    """What can stand there in any of the ways."""
    found = _NOTHING
    for way in ways:
        found = tuple(map(int.__or__, found, way))
    return found
