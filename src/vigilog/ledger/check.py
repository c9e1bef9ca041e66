"""check_forensic: the requests that began and did not end.

What Apache's script (httpd 2.4.71) prints, without its faults: IDs are compared whole and as they stand, not as the beginning
of another or as an expression, and each line comes once. Like there, one `-` closes every `+` of its ID, wherever both stand.

A first reading forgets each request when it ends. So it takes one that had ended before it began, or whose ID was used twice,
for open; where something is left, a second reading looks for the ends of what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from vigilog.ledger.balance import Balance
from vigilog.ledger.beside import side_by_side
from vigilog.ledger.heads import ended
from vigilog.ledger.opened_lines import Opened

Left = dict[bytes, list[Opened]]


class Input(NamedTuple):
    """A file of a ledger, or a part of one: what it is called, and a function that gives its blocks (see `blocks`), from the
    first each time it is called. `continued`: the input before it is a part of the same file."""

    name: str
    blocks: Callable[[], Iterator[bytes]]
    continued: bool = False


class _Half(NamedTuple):
    left: Left
    loose_ends: set[bytes]
    lines: int
    """Newlines in its last file."""


def unfinished(ledger: Sequence[Input], later: Sequence[Input] = ()) -> tuple[Opened, ...]:
    """The `+` lines of requests that have no `-` line, in the order of the ledger, whose inputs are given in the order in which
    they were written. `later` are those behind them, if there are any: they are read by another process at the same time.

    Takes as much memory as what is open at a time. Raises what reading raises.
    """
    left = _left(ledger, later)
    closed = _ends(ledger, later, set(left)) if left else set()
    place = {file.name: number for number, file in enumerate([*ledger, *later])}
    lines = [line for same in left.values() for line in same if line.id not in closed]
    return tuple(sorted(lines, key=lambda each: (place[each.file], each.line)))


def by_id(lines: Sequence[Opened]) -> list[Opened]:
    """The lines in the order of their IDs' bytes (check_forensic's, in the C locale); those of one ID as they were."""
    return sorted(lines, key=lambda each: each.id)


def _left(ledger: Sequence[Input], later: Sequence[Input]) -> Left:
    if not later:
        return _half(ledger, loose_ends=False).left
    first, second = side_by_side(lambda: _half(ledger, loose_ends=False), lambda: _half(later, loose_ends=True))
    left = {identity: lines for identity, lines in first.left.items() if identity not in second.loose_ends}
    shared = later[0].name if later[0].continued else ""
    for identity, lines in second.left.items():
        moved = [line._replace(line=line.line + first.lines) if line.file == shared else line for line in lines]
        left[identity] = left.get(identity, []) + moved
    return left


def _half(inputs: Sequence[Input], *, loose_ends: bool) -> _Half:
    balance = Balance(loose_ends=loose_ends)
    for number, file in enumerate(inputs):
        if not (file.continued and number):
            balance.begin(file.name)
        for block in file.blocks():
            balance.add(block)
    return _Half(balance.left(), balance.loose_ends, balance.lines)


def _ends(ledger: Sequence[Input], later: Sequence[Input], suspects: set[bytes]) -> set[bytes]:
    """Those of the `suspects` (IDs) that a `-` line closes, wherever it stands."""
    if not later:
        return _ends_in(ledger, suspects)
    first, second = side_by_side(lambda: _ends_in(ledger, suspects), lambda: _ends_in(later, suspects))
    return first | second


def _ends_in(inputs: Sequence[Input], suspects: set[bytes]) -> set[bytes]:
    found: set[bytes] = set()
    for file in inputs:
        for block in file.blocks():
            found.update(suspects.intersection(ended(block)))
    return found
