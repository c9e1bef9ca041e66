r"""logwatch's conf grammar (logwatch 7.7): one file as names and values, in order.

    # a comment, which begins anywhere; no quotes protect a `#`
    Name = value        split at the first `=`; the name in lower case; an unquoted value in lower case, too
    Name = "Value"      in double quotes: as it stands
    Name = yes          yes, true, on, high, medium, low ... are numbers, quoted or not
    Name = one \
           two          a line goes on behind a backslash at its end
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place

_WORDS = {
    "yes": "1",
    "true": "1",
    "on": "1",
    "no": "0",
    "false": "0",
    "off": "0",
    "high": "10",
    "med": "5",
    "medium": "5",
    "low": "0",
}
_CONTINUED_COMMENT = re.compile(r"#.*\\\s*$")
_COMMENT = re.compile(r"#.*$", re.MULTILINE)
_CONTINUES = re.compile(r"\\\s*$")
_NO_WORD = re.compile(r"\W", re.ASCII)
_QUOTED = re.compile(r'"(.*)"\n?\Z')


class Setting(NamedTuple):
    """`name` in lower case, `*` or `$` in front of it as it stands there; `value` as the value rules make it."""

    name: str
    value: str
    place: Place


def value_of(text: str) -> str:
    """A value as logwatch reads it: a number for a word that stands for one, else what the quotes hold, else in lower case."""
    word = _WORDS.get(_NO_WORD.sub("", text).lower())
    if word is not None:
        return word
    quoted = _QUOTED.match(text)
    return quoted[1] if quoted else text.lower()


def settings(path: str, prefix: str = "") -> list[Setting]:
    """The settings of the file `path`, in order; none if there is no such file.

    With a `prefix` (override.conf's `services/NAME`), only lines that hold `PREFIX:` count, without it. Raises
    ConfigurationError if the file cannot be read.
    """
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            text = file.read()
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", place=Place(path)) from error
    return list(parsed(text, path, prefix))


def parsed(text: str, path: str, prefix: str = "") -> Iterator[Setting]:
    """The settings of `text`, which stands in the file `path`."""
    mark = f"{prefix}:" if prefix else ""
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        first = at + 1
        line, at = _uncommented(lines[at]), at + 1
        if not line.strip() or (mark and mark not in line):
            continue
        line = line.replace(mark, "", 1) if mark else line
        while _CONTINUES.search(line) and at < len(lines):
            line, at = _uncommented(_CONTINUES.sub("", line) + lines[at]), at + 1
        name, _, value = line.partition("=")
        if name.strip():
            yield Setting(name.strip().lower(), value_of(value.strip()), Place(path, first))


def _uncommented(line: str) -> str:
    return _COMMENT.sub("", _CONTINUED_COMMENT.sub(r"\\", line))
