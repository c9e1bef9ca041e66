r"""A LogFormat's text taken apart: plain text and variables, in ProFTPD's writing and in Apache's.

In both `\"` is a quote, so that a template can be copied out of a configuration as it stands there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple, NoReturn

from vigilog.core.errors import RuleError

if TYPE_CHECKING:
    from vigilog.core.nouns import Place

_PROFTPD = re.compile(r"%(?:\{([^}]*)\}([et]?)|([A-Za-z]))")
_APACHE = re.compile(
    r"%(?P<before>[!<>,0-9]*)(?:\{(?P<argument>[^}]*)\})?(?P<after>[!<>,0-9]*)(?P<name>\^[A-Za-z]{2}|[A-Za-z])"
)
_UNKNOWN = re.compile(r"%(?:[^{\s\"]{0,8}\{[^}\s\"]{0,32}\}?)?")
_APACHE_ESCAPE = re.compile(r'\\([\\tnr"])')
_ESCAPED = {"\\": "\\", "t": "\t", "n": "\n", "r": "\r", '"': '"'}


class Written(NamedTuple):
    """A variable as a template has it. `name` is its letter (or `^ti` and the like), '' where the argument alone is the name;
    `sense` is Apache's `<` or `>`, `statuses` its condition, which `negated` turns round."""

    text: str
    column: int
    name: str
    argument: str | None = None
    sense: Literal["", "<", ">"] = ""
    statuses: frozenset[int] = frozenset()
    negated: bool = False

    def refuse(self, place: Place | None, expected: str, remedy: str = "") -> NoReturn:
        """Raises RuleError for this variable."""
        refuse(self.text, self.column, place, expected, remedy)


Token = str | Written


def refuse(text: str, column: int, place: Place | None, expected: str, remedy: str = "") -> NoReturn:
    """Raises RuleError for a piece of a template that begins at `column` (from 1)."""
    shown = text.encode("utf-8", "surrogateescape").decode("ascii", "backslashreplace")
    raise RuleError(f"`{shown}` in a LogFormat", place=at(place, column), expected=expected, remedy=remedy)


def at(place: Place | None, column: int) -> Place | None:
    """The place of a column (from 1) of a template that stands at `place`."""
    if place is None:
        return None
    from vigilog.core.nouns import Place  # noqa: PLC0415 - programs that write logs with this need not load the nouns

    return Place(place.file, place.line, column)


def proftpd(template: str, place: Place | None) -> Iterator[Token]:
    """The pieces of a template of ProFTPD: `%X`, `%{name}`, `%{NAME}e`, `%{format}t`, and text.

    `%%` is both percent signs, as ProFTPD 1.3.8 writes it; what it does not know, and so takes for text, is a mistake here.
    """
    column = 0
    while column < len(template):
        percent = template.find("%", column)
        if percent < 0:
            yield template[column:].replace('\\"', '"')
            return
        if percent > column:
            yield template[column:percent].replace('\\"', '"')
        found = _PROFTPD.match(template, percent)
        if found:
            braced, kind, letter = found.groups()
            yield Written(found[0], percent + 1, letter or kind, braced)
            column = found.end()
        elif template.startswith("%%", percent):
            pair = not _PROFTPD.match(template, percent + 1)
            yield "%%" if pair else "%"
            column = percent + 1 + pair
        else:
            refuse(_begun(template, percent), percent + 1, place, "a letter or a name in braces behind the percent sign")


def apache(template: str, place: Place | None) -> Iterator[Token]:
    r"""The pieces of a template of Apache: `%`, then `<`, `>`, statuses and `{argument}` in any order, then a letter, or `^`
    and two; and text, in which `\t` and `\\` are escaped and `%%` is a percent sign."""
    column = 0
    while column < len(template):
        percent = template.find("%", column)
        if percent != column:
            until = percent if percent > 0 else len(template)
            yield _APACHE_ESCAPE.sub(lambda found: _ESCAPED[found[1]], template[column:until])
            column = until
        elif template.startswith("%%", percent):
            yield "%"
            column = percent + 2
        else:
            found = _APACHE.match(template, percent)
            if not found:
                refuse(_begun(template, percent), percent + 1, place, "a letter at the end of the variable")
            yield _apache_variable(found, percent + 1)
            column = found.end()


def _begun(template: str, percent: int) -> str:
    """What stands at a percent sign that begins no variable."""
    found = _UNKNOWN.match(template, percent)
    return found[0] if found else "%"


def _apache_variable(found: re.Match[str], column: int) -> Written:
    flags = f"{found['before']},{found['after']}"
    sense: Literal["", "<", ">"] = ""
    for flag in flags:
        if flag == "<":
            sense = "<"
        elif flag == ">":
            sense = ">"
    statuses = frozenset(map(int, re.findall("[0-9]+", flags)))
    return Written(found[0], column, found["name"], found["argument"], sense, statuses, flags.count("!") % 2 == 1)
