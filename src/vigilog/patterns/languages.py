"""The pattern languages, by the name they have in a configuration. failregex will stand here, too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from vigilog.core.nouns import Place
from vigilog.patterns import ere, literal
from vigilog.patterns.syntax import Node

Parse = Callable[[bytes, Place | None], Node]
Taker = Callable[[bytes], Callable[[bytes], tuple[bytes | None, ...] | None]]


@dataclass(frozen=True, slots=True)
class Language:
    """How a language is read. `python` says that its text is itself an expression of Python's `re`, `names` that its captures
    can have names. `taker` makes of a text what takes its captures out of a line in linear time, or None where the tree must be
    asked."""

    parse: Parse
    python: bool = False
    names: bool = False
    taker: Taker | None = None


def _scanf(text: bytes, place: Place | None) -> Node:
    from vigilog.patterns import scanf  # noqa: PLC0415 - loaded by those who use it

    return scanf.parse(text, place)


def _regex(text: bytes, place: Place | None) -> Node:
    from vigilog.patterns import regex  # noqa: PLC0415 - loaded by those who use it

    return regex.parse(text, place)


def _logformat(dialect: Literal["proftpd", "apache"] | None = None) -> Language:
    def parse(text: bytes, place: Place | None) -> Node:
        from vigilog.patterns import logformat_pattern  # noqa: PLC0415 - loaded by those who use it

        return logformat_pattern.parse(text, dialect, place)

    def taker(text: bytes) -> Callable[[bytes], tuple[bytes | None, ...] | None]:
        from vigilog.patterns import logformat_pattern  # noqa: PLC0415 - loaded by those who use it

        return logformat_pattern.taker(text, dialect)

    return Language(parse, names=True, taker=taker)


LANGUAGES: dict[str, Language] = {
    "ere": Language(ere.parse),
    "literal": Language(literal.parse),
    "logformat": _logformat(),
    "logformat-apache": _logformat("apache"),
    "logformat-proftpd": _logformat("proftpd"),
    "regex": Language(_regex, python=True, names=True),
    "scanf": Language(_scanf),
}
