"""Which patterns a backtracking engine decides quickly whatever the line, so that its speed may be used.

What makes it slow is choice: a repetition that can end in more than one place, branches that can both match. Each choice
multiplies those before it. So the ways through a pattern are counted, generously, for the longest line that is asked about:
a search that may begin anywhere has as many as the line has bytes, a repetition that may end anywhere, too. A few ways more do
not matter, a second such repetition does. Where the next bytes decide (`[^ ]+ `, `(?:err|info)`), there is no choice.
"""

from __future__ import annotations

from collections.abc import Sequence as Listed
from operator import and_, or_
from typing import NamedTuple

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
    return start * _seen(tree, _NOTHING).ways <= MOST_WAYS


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


class _Seen(NamedTuple):
    """In how many ways a part can match from one place, at most, and what can stand from that place on if it does."""

    ways: int
    ahead: Ahead


def _seen(node: Node, behind: Ahead) -> _Seen:
    """How `node` looks where `behind` can stand behind it."""
    match node:
        case Chars(bits=bits):
            return _Seen(1, (bits, *behind[:-1]))
        case Sequence(parts=parts):
            ways = 1
            for part in reversed(parts):
                if isinstance(part, Chars):
                    behind = (part.bits, *behind[:-1])
                    continue
                more, behind = _seen(part, behind)
                ways = min(_TOO_MANY, ways * more)
            return _Seen(ways, behind)
        case Group(body=body):
            return _seen(body, behind)
        case Choice(branches=branches):
            return _seen_branches([_seen(branch, behind) for branch in branches])
        case Repeat():
            return _seen_repeated(node, behind)
        case Assertion():
            return _Seen(1, _NOTHING if node == LINE_END else behind)
        case _:
            return _Seen(_TOO_MANY, _ANYTHING)


def _seen_branches(branches: Listed[_Seen]) -> _Seen:
    """The ways of all branches that the same bytes can begin count together."""
    together = [
        sum(branch.ways for branch in branches if branch is one or not _are_apart(one.ahead, branch.ahead)) for one in branches
    ]
    return _Seen(min(_TOO_MANY, max(together, default=1)), _any_of([branch.ahead for branch in branches]))


def _seen_repeated(node: Repeat, behind: Ahead) -> _Seen:
    body, least, most = node.body, node.least, node.most
    inside = _seen(body, behind)
    if most == 1 and least == 0:
        return _seen_branches([inside, _Seen(1, behind)])
    times = _AHEAD if most is None else min(most, _AHEAD)
    after = [behind]
    for _ in range(times):
        after.append(inside.ahead)
        inside = _seen(body, after[-1])
    inside = _seen(body, _any_of(after))
    ahead = _any_of(after[min(least, times) :])
    decided = least == most or _are_apart(inside.ahead, behind)
    if most is None:
        endless = inside.ways > 1 or syntax.nullable(body)
        return _Seen(_TOO_MANY if endless else 1 if decided else LONGEST, ahead)
    ways = 1 if decided else most - least + 1
    for _ in range(min(most, MOST_WAYS.bit_length()) if inside.ways > 1 else 0):
        ways = min(_TOO_MANY, ways * inside.ways)
    return _Seen(ways, ahead)


def _are_apart(one: Ahead, other: Ahead) -> bool:
    """Whether no bytes can stand ahead of both."""
    return not all(map(and_, one, other))


def _any_of(ways: Listed[Ahead]) -> Ahead:
    """What can stand there in any of the ways."""
    found = ways[0] if ways else _NOTHING
    for way in ways[1:]:
        found = tuple(map(or_, found, way))
    return found
