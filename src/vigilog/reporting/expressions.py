"""Perl's regular expressions, as logwatch's files hold them, for Python's `re`."""

from __future__ import annotations

import re

_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": r" \t",
    "digit": "0-9",
    "lower": "a-z",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\s",
    "upper": "A-Z",
    "word": r"\w",
    "xdigit": "0-9a-fA-F",
}
_ELSEWHERE = re.compile(r"\[:(\w+):\]|(\\\\)|\\([hzZ])")
_ESCAPES = {"h": r"[ \t]", "z": r"\Z", "Z": r"(?=\n?\Z)"}


def perl_expression(text: str) -> bytes:
    r"""The expression with what Python writes otherwise: POSIX classes, `\h`, `\z`, `\Z`."""
    return _ELSEWHERE.sub(_written, text).encode("utf-8", "surrogateescape")


def _written(found: re.Match[str]) -> str:
    if found[1]:
        return _CLASSES.get(found[1], found[0])
    return _ESCAPES[found[3]] if found[3] else found[0]
