"""A TOML file as values with their lines, and every mistake in its syntax: a bad statement hides no other. TOML 1.0.0."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass

from vigilog.config.checked import shown
from vigilog.config.toml_lines import Index, index
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place

LOCATION = re.compile(r" \(at (?:line ([0-9]+), column ([0-9]+)|end of document)\)$")
EXPECTED = {
    "Invalid value": 'a "text" in quotes, a number, true, false, or a [list]',
    "Expected newline": "one key to a line",
    "Invalid initial character": "a key or a [table]",
    "Expected '='": "key = value",
    "Unclosed array": "a closing ]",
    "Cannot overwrite": "each key once",
    "Cannot declare": "each table once",
    "Illegal character '\\n'": "a closing \" or '",
}


@dataclass(frozen=True, slots=True)
class Document:
    """What is valid in a TOML text, where it stands, and what is not valid."""

    file: str
    content: dict[str, object]
    lines: Index
    errors: tuple[ConfigurationError, ...]

    def place(self, *path: str | int) -> Place:
        """Where the key, list entry or table at `path` stands."""
        return Place(self.file, self.lines.lines.get(path))


def document(text: str, file: str) -> Document:
    """A TOML text; `file` is the name its places have."""
    where = index(text)
    content, errors = parsed(text, where, file)
    return Document(file, content, where, tuple(errors))


def read(path: str) -> Document:
    """The file at `path`. Raises OSError; that it is not UTF-8 is among the errors."""
    with open(path, "rb") as file:
        data = file.read()
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{data[error.start]:02x} is not UTF-8"
        mistake = ConfigurationError(found, place=Place(path, line), expected="TOML, which is UTF-8")
        return Document(path, {}, Index({}, []), (mistake,))
    return document(text.replace("\r\n", "\n"), path)


def parsed(text: str, where: Index, file: str) -> tuple[dict[str, object], list[ConfigurationError]]:
    """What is valid in `text`, and an error for each statement that is not: a bad statement hides no other."""
    errors: list[ConfigurationError] = []
    lines = text.split("\n")
    for statement in where.statements if fault(text) is not None else []:
        alone = "\n".join(lines[statement.first - 1 : statement.last])
        if (problem := fault(alone)) is not None:
            errors.append(syntax_error(problem, file, lines, statement.first))
            blank(lines, statement.first, statement.last)
    while (problem := fault("\n".join(lines))) is not None:
        line = position(problem)[0] or len(lines)
        first, last = next(
            ((each.first, each.last) for each in where.statements if each.first <= line <= each.last), (line, line)
        )
        errors.append(syntax_error(problem, file, lines, 1, first))
        if not any(lines[first - 1 : last]):
            return {}, errors
        blank(lines, first, last)
    return tomllib.loads("\n".join(lines)), errors


def fault(text: str) -> str | None:
    """What tomllib says against `text`, None if nothing."""
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return str(error)
    except RecursionError:
        return "Brackets are nested too deeply (at line 1, column 1)"
    return None


def position(problem: str) -> tuple[int | None, int | None]:
    """Line and column in a message of tomllib; None where it names the end."""
    found = LOCATION.search(problem)
    return (int(found[1]), int(found[2])) if found and found[1] else (None, None)


def syntax_error(problem: str, file: str, lines: list[str], offset: int, line: int | None = None) -> ConfigurationError:
    """A message of tomllib about a text that begins in line `offset`, with its address; `line` overrules the line told."""
    told, column = position(problem)
    reason = LOCATION.sub("", problem)
    number = line or (told or 1) + offset - 1
    expected = next((words for start, words in EXPECTED.items() if reason.startswith(start)), "TOML")
    if problem.endswith("(at end of document)"):
        expected = "a value, and everything closed that was opened"
    place = Place(file, number, column if told and not line else None)
    return ConfigurationError(f"not TOML: {reason} in {shown(lines[number - 1].strip())}", place=place, expected=expected)


def blank(lines: list[str], first: int, last: int) -> None:
    """Empties the lines `first` to `last` (from 1), so that all others keep their numbers."""
    lines[first - 1 : last] = [""] * (last - first + 1)
