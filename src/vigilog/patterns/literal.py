"""A text that stands anywhere in the line, byte for byte."""

from __future__ import annotations

from vigilog.core.errors import RuleError
from vigilog.core.nouns import Place
from vigilog.patterns import syntax
from vigilog.patterns.syntax import Node


def parse(text: bytes, place: Place | None = None) -> Node:
    """The tree of one text. Raises RuleError if it is empty or holds a newline, which no line can."""
    if not text or b"\n" in text:
        raise RuleError("an empty text" if not text else "a newline", place=place, expected="text of one line")
    return syntax.literal(text)
