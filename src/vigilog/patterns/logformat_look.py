r"""How many lines of a log look: the same variables have no value, and all texts are such that JSON has them as they stand.

For such a look one expression finds the texts, and one format makes JSON of them, without a value in between.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from json.encoder import encode_basestring
from typing import Literal, NamedTuple

from vigilog.patterns.logformat_apache_table import BYTES, USER
from vigilog.patterns.logformat_escape import unescaped
from vigilog.patterns.logformat_forms import NUMBER, THREE_DIGITS, Item, Value, Variable
from vigilog.patterns.logformat_json import visible, word
from vigilog.patterns.logformat_reading import END, endings, shape
from vigilog.patterns.logformat_times import BRACKETED, unbracketed

WORDS = 4096
"""So many texts are remembered with what they are in JSON, for each variable that has a reading of its own."""
Kind = Literal["text", "number", "word", "stamp"]
_DAY = "\0"
"""Stands in a format for the day of a stamp; no JSON has it."""
FORMS: dict[Kind, str] = {"text": '"%b"', "number": "%b", "word": "%b", "stamp": f'"{_DAY}%.0b %b"'}
"""How JSON has what an expression finds. (The day is found, too, and shown in its own way.)"""
_NEVER = r"\x00-\x1f\"\\"
"""What JSON escapes, and what lines may have escaped."""
_CLOSED = r"\]"
_WHOLE = {NUMBER.shape: "(?>0|-?[1-9][0-9]{0,17})", THREE_DIGITS.shape: "[1-9][0-9]{2}"}
"""Whole numbers that JSON writes just so."""


class Words(dict[bytes, bytes]):
    """What texts are in JSON, by a reading of their own: asked once for each, as long as there are not too many."""

    def __init__(self, read: Callable[[str], str]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, written: bytes) -> bytes:
        if len(self) >= WORDS:
            self.clear()
        made = self[written] = self._read(written.decode()).encode()
        return made


class Formats(dict[bytes, bytes]):
    """The formats of lines with a stamp, by the day as lines have it: many lines are of one day, and few of one second."""

    def __init__(self, form: bytes) -> None:
        super().__init__()
        self._form = form

    def __missing__(self, written: bytes) -> bytes:
        if len(self) >= WORDS:
            self.clear()
        made = self[written] = self._form.replace(_DAY.encode(), day(written.decode()).encode())
        return made


class Look(NamedTuple):
    """What matches a line of UTF-8, without its newline, and the format that makes JSON of its groups: one for each text of the
    group `day`, if there is one. `words` are the groups that have a reading of their own, `key` is that of the key; None if it
    has no value, or none is asked for."""

    match: Callable[[bytes], re.Match[bytes] | None]
    json: bytes
    formats: Formats
    day: int | None
    words: tuple[tuple[int, Words], ...]
    key: int | None


def look(items: Sequence[Item], plain: Sequence[bool], words: Mapping[int, Words], key: str | None) -> Look:
    """The look of lines in which those variables have their plain text that `plain` (one for each) says so of, and the others
    have another one. `words` are the variables' readings, by column; `key` is the key of one of them."""
    pattern, json, changed, place, stamp = "", "", list[tuple[int, Words]](), None, None
    is_plain = iter(plain)
    count = 0
    for number, item in enumerate(items):
        if isinstance(item, str):
            pattern += re.escape(item)
            continue
        text = plain_text(item)
        name = f"{',' if json else ''}{encode_basestring(item.key)}:".replace("%", "%%")
        if next(is_plain) and text is not None:
            pattern += re.escape(text)
            json += "" if text == item.absent else name + in_json(item.form.read)(text)
            continue
        pattern += expression(item, items[number + 1 :])
        kind = kind_of(item)
        json += name + FORMS[kind]
        if item.key == key:
            place = count
        if kind == "word":
            changed.append((count, words[item.column]))
        elif kind == "stamp":
            stamp = count
        count += 2 if kind == "stamp" else 1
    match, form = re.compile((pattern + END).encode()).match, f"{{{json}}}".encode()
    return Look(match, form, Formats(form), stamp, tuple(changed), place)


def plain_text(variable: Variable) -> str | None:
    """The one text that stands for no value, or for a number and is none."""
    return "-" if variable.form is BYTES else variable.absent


def kind_of(variable: Variable) -> Kind:
    """`text` for one that JSON has in quotes as it stands in the line, `number` for one that it has as it stands there, `word`
    for one that has a reading of its own, `stamp` for one of which that is true of the day only."""
    form = variable.form
    if form is BRACKETED:
        return "stamp"
    if not form.shape:
        return "text" if form.read in (None, unescaped, USER.read) and not variable.marked else "word"
    return "number" if form is BYTES or (form.read is int and form.shape in _WHOLE) else "word"


def readings(variables: Sequence[Variable]) -> dict[int, Words]:
    """The readings of variables, by column."""
    return {one.column: Words(in_json(one.form.read)) for one in variables if kind_of(one) == "word"}


def in_json(read: Callable[[str], Value] | None) -> Callable[[str], str]:
    """What makes JSON of a text, by the reading of its form."""
    return lambda written: visible(word(read(written) if read else written))


def day(written: str) -> str:
    """`[20/Nov/2026` as `2026-11-20`."""
    return unbracketed(f"{written}:00:00:00 +0000]")[:10]


def expression(variable: Variable, behind: Sequence[Item]) -> str:
    """The expression, one group (two for a stamp), for the texts of a variable, other than its plain one, that go into JSON as
    they are."""
    form, kind, plain = variable.form, kind_of(variable), plain_text(variable)
    if kind == "number":
        return f"({_WHOLE[NUMBER.shape if form is BYTES else form.shape]})"
    if kind == "stamp":
        until = form.shape.index("{4}:") + len("{4}")
        return f"({form.shape[:until]}):({form.shape[until + 1 : -len(_CLOSED)]}){_CLOSED}"
    if form.shape:
        return f"({shape(variable._replace(absent=None))})"
    stops = re.escape("".join(sorted({way.first for way in endings(variable, behind, None)})))
    run = f"[^{_NEVER}{stops}]"
    if plain is None or variable.marked:
        return f"({re.escape(variable.marked)}{run}*+)"
    if not plain:
        return f"({run}++)"
    return f"(?!{re.escape(plain)}{f'[{stops}]' if stops else END})({run}*+)"
