"""Regular expressions of a proftpd.conf. What they are matched with comes from clients: none may take more than linear time.

ProFTPD 1.3.8 has PCRE2 for them. Its syntax is Python's, but for POSIX classes, which are spelled out here. Look-arounds and
back-references, which only a backtracking engine knows, are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from vigilog.config.proftpd_words import Bad
from vigilog.core.errors import RuleError
from vigilog.core.nouns import Place, Rule

BRACKETS = re.compile(r"\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]", re.DOTALL)
CLASS = re.compile(r"\[:(\^?\w+):\]")
CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t-\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}


@lru_cache(maxsize=1024)
def matcher(expression: str, *, caseless: bool = False) -> Callable[[str], bool]:
    """A function that says whether the expression is found in a text. Raises Bad for one that cannot be used."""
    from vigilog.patterns.confirm import linear  # noqa: PLC0415 - few configurations have any

    text = BRACKETS.sub(without_classes, expression).encode("utf-8", "surrogateescape")
    try:
        compiled = linear(Rule("", "", "regex", text, Place("")), caseless=caseless)
    except (RuleError, OverflowError, RecursionError) as error:
        raise failed(expression, getattr(error, "found", str(error))) from None
    if compiled is None:
        raise failed(expression, "no look-around, no back-reference")
    return lambda word: compiled.search(word.encode("utf-8", "surrogateescape")) is not None


def without_classes(found: re.Match[str]) -> str:
    """A bracket expression, or an escaped character, with its POSIX classes spelled out."""
    if CLASS.fullmatch(found[0]):
        raise failed(found[0], "POSIX named classes are supported only within a class")
    return found[0][:1] + CLASS.sub(spelled, found[0][1:])


def spelled(found: re.Match[str]) -> str:
    """A POSIX class as the characters in it."""
    if found[1] not in CLASSES:
        raise failed(found[0], "unknown POSIX class name")
    return CLASSES[found[1]]


def failed(expression: str, reason: str) -> Bad:
    """What is said of an expression that cannot be used."""
    return Bad(f"'{expression}' failed regex compilation: {reason}")
