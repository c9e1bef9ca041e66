r"""The way back: one expression of Python's `re` that takes the variables out of a line, in one pass and in linear time.

Where does a free text end? At the first place where all that follows it fits, up to the next free text: the plain text behind
it and the numbers and times behind that, and the end of the line if there is no further free text. In `"%r" %s %b` that finds
the true end of whatever a client sends; in `%f %F` each path but the last ends at the first blank. So what is read is always
such that writing it again gives the same line, and a value can only be another one where a text holds what follows it.

Nothing is ever tried twice: every piece is atomic or possessive, and what is looked at ahead of a place has a greatest length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from vigilog.core.errors import RuleError
from vigilog.patterns.logformat_escape import unescaped
from vigilog.patterns.logformat_forms import Form, Item, Value, Variable
from vigilog.patterns.logformat_template import at

if TYPE_CHECKING:
    from vigilog.core.nouns import Place

Read = Callable[[str], dict[str, Value] | None]
END = r"\Z"
IN_ESCAPES = frozenset('"bnrtvx0123456789abcdefABCDEF')
"""What can be a part of an escape, where texts are escaped: an escape is one thing, and no text ends within it."""
PAIR = r"\\(?:x[0-9A-Fa-f]{2}|.)"
"""An escape."""


class Ending(NamedTuple):
    """A way for a free text to end: its first byte ('': at the end of the line), and an expression for what is behind that."""

    first: str
    rest: str


def reader(items: Sequence[Item], *, escapes: bool, place: Place | None) -> Read:
    """What takes the values out of a line (without its newline). Raises RuleError for a template whose lines cannot be taken
    apart: two variables side by side, the first of which has no end of its own."""
    variables = [item for item in items if isinstance(item, Variable)]
    match = matcher(items, escapes=escapes, place=place)
    whole = [(one.key, one.absent, one.form.read) for one in variables]
    # most lines have no escape, and calls that change nothing are most of the time
    bare = [(key, absent, None if value_of is unescaped else value_of) for key, absent, value_of in whole]
    again = len({one.key for one in variables}) < len(variables)
    alike = [same for same in places_of(variables) if len(same) > 1]

    def read(line: str) -> dict[str, Value] | None:
        found = match(line)
        if found is None:
            return None
        values: dict[str, Value] = {}
        for (key, absent, value_of), text in zip(whole if "\\" in line else bare, found.groups(), strict=True):
            if text != absent:
                value = value_of(text) if value_of else text
                if again and values.setdefault(key, value) != value:
                    return None
                values[key] = value
        return None if alike and contradicting(variables, alike, found.groups()) else values

    return read


def places_of(variables: Sequence[Variable]) -> Iterable[list[int]]:
    """The places of the variables, those together that are written alike."""
    places: dict[tuple[str, Form], list[int]] = {}
    for number, one in enumerate(variables):
        places.setdefault((one.key, one.form), []).append(number)
    return places.values()


def contradicting(variables: Sequence[Variable], alike: Sequence[Sequence[int]], texts: Sequence[str]) -> bool:
    """Whether one value has two texts: then the line is not one of the template's. Under a condition it may be absent."""
    return any(
        len({texts[each] for each in same if not (variables[each].conditional and texts[each] == variables[each].absent)}) > 1
        for same in alike
    )


def matcher(items: Sequence[Item], *, escapes: bool, place: Place | None) -> Callable[[str], re.Match[str] | None]:
    """What matches a line, with a group for each variable. Raises RuleError as `reader` does."""
    quick = re.compile(expression(items, escapes=escapes, place=place, quick=True)).match
    match = re.compile(expression(items, escapes=escapes, place=place)).match
    return lambda line: quick(line) or match(line)


def expression(items: Sequence[Item], *, escapes: bool, place: Place | None, quick: bool = False) -> str:
    """The expression for a line, with a group for each variable. The `quick` one gives the same groups, and matches only lines
    whose texts hold nothing of what follows them, and no escapes: most lines. Raises RuleError as `reader` does."""
    made = []
    for number, item in enumerate(items):
        if isinstance(item, str):
            made.append(re.escape(item))
            continue
        behind = items[number + 1 :]
        if item.form.shape:
            check_end(item, behind, place)
            made.append(f"({shape(item)})")
        elif item.marked:
            made.append(f"((?:{re.escape(item.marked)}{free(endings(item, behind, place), escapes=escapes, quick=quick)})?)")
        else:
            made.append(f"({free(endings(item, behind, place), escapes=escapes, quick=quick)})")
    return "".join(made) + END


def shape(variable: Variable) -> str:
    """The expression for a variable that is no free text, or for what stands where it has no value."""
    absent = variable.absent
    if absent is None:
        return f"(?>{variable.form.shape})"
    return f"(?>{variable.form.shape}|{re.escape(absent)})"


def check_end(variable: Variable, behind: Sequence[Item], place: Place | None) -> None:
    """Raises RuleError if what follows a number or the like could be a part of it."""
    following = starts(behind)
    if variable.form.holds and behind and (following is None or following & variable.form.holds):
        side_by_side(variable, behind[0], place)


def starts(behind: Sequence[Item]) -> frozenset[str] | None:
    """What the text of the next items can begin with; None if that is anything."""
    if not behind:
        return frozenset()
    first = behind[0]
    if isinstance(first, str):
        return frozenset(first[0])
    if first.marked:
        after = starts(behind[1:])
        return None if after is None else after | {first.marked}
    return first.form.starts | frozenset((first.absent or "")[:1]) if first.form.shape else None


def endings(variable: Variable, behind: Sequence[Item], place: Place | None) -> list[Ending]:
    """The ways for a free text to end. Raises RuleError if another variable is beside it that does not show where it begins."""
    if not behind:
        return [Ending("", END)]
    following = behind[0]
    if isinstance(following, str):
        return [Ending(following[0], re.escape(following[1:]) + ahead(behind[1:]))]
    if following.marked:
        return [Ending(following.marked, ""), *endings(variable, behind[1:], place)]
    return side_by_side(variable, following, place)


def ahead(behind: Sequence[Item]) -> str:
    """An expression for what follows, up to the next free text."""
    made: list[str] = []
    for item in behind:
        if isinstance(item, Variable) and not item.form.shape:
            return "".join(made)
        made.append(re.escape(item) if isinstance(item, str) else shape(item))
    return "".join(made) + END


def free(ways: Sequence[Ending], *, escapes: bool, quick: bool) -> str:
    """The expression for a free text that ends in one of so many ways."""
    stops = sorted({way.first for way in ways if way.first})
    if not stops:
        return r"(?>[^\n]*)"
    pairs = escapes and bool(IN_ESCAPES & set(stops)) and "\\" not in stops
    others = re.escape("".join(stops) + ("\\" if pairs else ""))
    run = rf"[^\n{others}]*"
    if quick:
        return run + "+"
    going_on = [PAIR] if pairs else []
    for first in stops:
        rests = [way.rest for way in ways if way.first == first]
        if "" not in rests:
            going_on.append(f"{re.escape(first)}(?!{'|'.join(rests)})")
    return f"(?>{run}(?:(?:{'|'.join(going_on)}){run})*)" if going_on else f"(?>{run})"


def side_by_side(variable: Variable, other: Item, place: Place | None) -> NoReturn:
    """Raises RuleError for a template that can be written, and not read."""
    between = other.written if isinstance(other, Variable) else other
    raise RuleError(
        f"`{variable.written}` directly before `{between}` in a LogFormat: nothing says where the one ends",
        place=at(place, variable.column),
        expected="text between them, to take lines apart",
    )
