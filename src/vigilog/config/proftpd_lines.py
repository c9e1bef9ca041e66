r"""Lines of a proftpd.conf, and the words in them, as ProFTPD 1.3.8 reads them.

A line ends at its newline; one that ends in a backslash goes on in the next. A comment begins with `#` at the beginning of
a line or of a word. A word goes to the next blank; one that begins with `"` to the next `"`, and `\` in it makes the next
character an ordinary one. `%{env:NAME}` is replaced by the environment's NAME, by nothing if there is none.

Sane here and not there: a line may be longer than 4,095 bytes; the last one has its number also if it has no newline.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

BLANKS = " \t\n\v\f\r"
VARIABLE = re.compile(r"%\{env:([^}]*)\}")
NESTING = 64
"""How often a variable may stand in a variable's value."""


class Line(NamedTuple):
    """A line with all that it goes on with: the number (from 1) of its last part, which errors are told with, and its text."""

    number: int
    text: str


def lines(data: bytes) -> Iterator[Line]:
    """The lines of a file that say something, without blanks in front. Bytes that are not UTF-8 are surrogates."""
    parts = data.decode("utf-8", "surrogateescape").split("\n")
    pending = ""
    for number, part in enumerate(parts, 1):
        goes_on = part.endswith("\\") and number < len(parts)
        if not goes_on:
            yield from said(number if part or number < len(parts) else number - 1, pending + part)
            pending = ""
        elif not part.lstrip(BLANKS).startswith("#"):
            pending += part[:-1]


def said(number: int, text: str) -> Iterator[Line]:
    """The line, unless it is empty or a comment."""
    stripped = text.removesuffix("\r").lstrip(BLANKS)
    if stripped and not stripped.startswith("#"):
        yield Line(number, stripped)


def words(text: str, environment: Mapping[str, str]) -> list[str]:
    """The words of a line, the name of the directive first."""
    found: list[str] = []
    at = 0
    while True:
        while at < len(text) and text[at] in BLANKS:
            at += 1
        if at == len(text) or text[at] == "#":
            return found
        word, at = quoted(text, at + 1) if text[at] == '"' else plain(text, at)
        found.append(expanded(word, environment))


def plain(text: str, at: int) -> tuple[str, int]:
    """The word that begins at `at`, and where it ends."""
    end = at
    while end < len(text) and text[end] not in BLANKS:
        end += 1
    return text[at:end], end


def quoted(text: str, at: int) -> tuple[str, int]:
    """The word that begins behind a quote, and the place behind the quote that ends it (or the end of the line)."""
    word = []
    while at < len(text) and text[at] != '"':
        at += text[at] == "\\" and at + 1 < len(text)
        word.append(text[at])
        at += 1
    return "".join(word), at + 1 if at < len(text) else at


def expanded(word: str, environment: Mapping[str, str]) -> str:
    """A word with the variables in it replaced; those that are left after NESTING rounds stay."""
    for _ in range(NESTING):
        if not VARIABLE.search(word):
            break
        word = VARIABLE.sub(lambda found: environment.get(found[1], ""), word)
    return word


def written(name: str, parameters: tuple[str, ...]) -> str:
    """A directive as one line that reads as the same words. Newlines cannot be written: none is in `parameters`."""
    return " ".join([name, *(quote(parameter) for parameter in parameters)])


def quote(word: str) -> str:
    """A word as it must be written to be read as itself, in quotes where it needs them."""
    if word and not re.search(r'[ \t\v\f\r"#\\]', word):
        return word
    return '"' + re.sub(r'(["\\])', r"\\\1", word) + '"'
