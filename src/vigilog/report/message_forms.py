"""The forms that a service's messages have, and which of them a message is of.

Each form is a regular expression for whole messages, whose groups are the fields to count. Which ones are tried is decided by
one word of the message, so that a message meets few. A form takes linear time on any line: of two open repetitions in a row,
the first one cannot take what the second one begins with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

FIRST_WORD = rb"([^ ]*)"
"""What decides: the first word."""

_LEADING = re.compile(rb"[A-Za-z_-]+:?(?= )")

Match = Callable[[bytes], re.Match[bytes] | None]
Tries = tuple[tuple[str, Match], ...]


class Form(NamedTuple):
    """A form: its kind ('' if it says nothing worth a table) and its pattern. It is tried for messages whose word is `word`:
    by default the first word of the pattern, if that is plain, else for every message (b"")."""

    kind: str
    pattern: bytes
    word: bytes | None = None


class Forms(NamedTuple):
    """Forms to try, by word; `others` for a message whose word is none of them."""

    word: Match
    by_word: dict[bytes, Tries]
    others: Tries


@lru_cache
def compiled(forms: tuple[Form, ...], word: bytes = FIRST_WORD) -> Forms:
    """The forms, ready to be tried in their order. `word`: the pattern whose group is the word that decides."""
    tries = [(_word(form), form.kind, re.compile(form.pattern).fullmatch) for form in forms]
    words = {found for found, _, _ in tries}
    return Forms(re.compile(word).match, {each: _for(each, tries) for each in words if each}, _for(b"", tries))


def _for(word: bytes, tries: Iterable[tuple[bytes, str, Match]]) -> Tries:
    return tuple([(kind, match) for of, kind, match in tries if of in (word, b"")])


def _word(form: Form) -> bytes:
    if form.word is not None:
        return form.word
    leading = _LEADING.match(form.pattern)
    return leading[0] if leading else b""
