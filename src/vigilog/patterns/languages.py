"""The pattern languages, by the name they have in a configuration. LogFormat and failregex will stand here, too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vigilog.core.nouns import Place
from vigilog.patterns import ere, literal
from vigilog.patterns.syntax import Node

Parse = Callable[[bytes, Place | None], Node]


@dataclass(frozen=True, slots=True)
class Language:
    """How a language is read. `python` says that its text is itself an expression of Python's `re`."""

    parse: Parse
    python: bool = False


def _scanf(text: bytes, place: Place | None) -> Node:
    from vigilog.patterns import scanf  # noqa: PLC0415 - loaded by those who use it

    return scanf.parse(text, place)


def _regex(text: bytes, place: Place | None) -> Node:
    from vigilog.patterns import regex  # noqa: PLC0415 - loaded by those who use it

    return regex.parse(text, place)


LANGUAGES: dict[str, Language] = {
    "ere": Language(ere.parse),
    "literal": Language(literal.parse),
    "regex": Language(_regex, python=True),
    "scanf": Language(_scanf),
}
