"""Which dialect a template of the pattern language is in: said by the language's name, or found out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from vigilog.core.errors import RuleError
from vigilog.core.nouns import Place
from vigilog.patterns.logformat import NAMED, SPEECHES, Dialect, LogFormat, items
from vigilog.patterns.logformat_forms import Item, Variable
from vigilog.patterns.logformat_reading import END, ahead

EITHER: tuple[Dialect, Dialect] = ("proftpd", "apache")


class Template(NamedTuple):
    """A template as a pattern sees it, byte for byte: its pieces (texts as Latin-1), whether texts are escaped in its lines,
    and for each variable what may stand there for no value."""

    pieces: tuple[Item, ...]
    escapes: bool
    absent: tuple[frozenset[str], ...]


def template(text: bytes, dialect: Dialect | None, place: Place | None) -> Template:
    """The template of a dialect; of either one where None is said. Raises RuleError for a mistake in it, and for one that both
    know and mean different things by."""
    written = text.decode("latin-1")
    if dialect is None and written in NAMED:
        written, dialect = NAMED[written]
    readings = {dialect: items(written, dialect, place)} if dialect else either(written, place)
    first = next(iter(readings))
    variables = [[one for one in pieces if isinstance(one, Variable)] for pieces in readings.values()]
    if not variables[0]:
        raise RuleError("a LogFormat without a variable", place=place, expected=f"a template, or one of {', '.join(NAMED)}")
    absent = tuple(frozenset(one.absent for one in each if one.absent is not None) for each in zip(*variables, strict=True))
    return Template(readings[first], SPEECHES[first].escapes, absent)


DIALECTS: dict[str, Dialect | None] = {"logformat": None, "logformat-apache": "apache", "logformat-proftpd": "proftpd"}
"""The languages of `patterns.languages` that are LogFormat, and their dialects."""


def chosen(written: str, language: str, place: Place | None = None) -> LogFormat:
    """The LogFormat that a configuration means by a template, or a well-known name, in one of `DIALECTS`. Raises RuleError for
    a mistake in it, for one without a variable, and for one that two dialects know and mean different things by."""
    dialect = DIALECTS[language]
    if dialect is None and written in NAMED:
        written, dialect = NAMED[written]
    (meant, *_) = either(written, place) if dialect is None else (dialect,)
    made = LogFormat(written, meant, place)
    if not made.keys:
        raise RuleError("a LogFormat without a variable", place=place, expected=f"a template, or one of {', '.join(NAMED)}")
    return made


def either(written: str, place: Place | None) -> dict[Dialect, tuple[Item, ...]]:
    """The pieces of a template in the dialects that know it, ProFTPD first. Raises RuleError if none does: what is wrong with
    it in the one that understands more of it."""
    readings: dict[Dialect, tuple[Item, ...]] = {}
    reached: dict[Dialect, int] = {}
    for dialect in EITHER:
        try:
            readings[dialect] = items(written, dialect, Place("", 1))
        except RuleError as error:
            reached[dialect] = (error.place and error.place.column) or 0
    if not readings:
        items(written, max(reached, key=lambda each: reached[each]), place)
    if len(readings) == len(EITHER):
        same(readings["proftpd"], readings["apache"], place)
    return readings


def same(one: Sequence[Item], other: Sequence[Item], place: Place | None) -> None:
    """Raises RuleError if a template of ProFTPD (`one`) is another one to Apache."""
    theirs = {item.column: item.key for item in other if isinstance(item, Variable)}
    for number, item in enumerate(one):
        if isinstance(item, str):
            continue
        also = theirs.get(item.column)
        behind = one[number + 1 :]
        quoted = not item.form.shape and behind and isinstance(behind[0], str) and behind[0].startswith('"')
        if also != item.key:
            found = f"{item.key} to ProFTPD, {also} to Apache"
        elif quoted and not ahead(behind).endswith(END):
            found = "a quoted text with more text behind it, in which Apache escapes quotes, and ProFTPD does not"
        else:
            continue
        raise RuleError(
            f"`{item.written}` in a LogFormat: {found}",
            place=Place(place.file, place.line, item.column) if place else None,
            expected='the language "logformat-proftpd" or "logformat-apache"',
        )
