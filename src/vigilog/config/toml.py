"""vigilog.toml and its drop-ins: every mistake at once, each with its file, its line and what to do. Format: TOML 1.0.0."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from vigilog.config.checked import TABLES, checked, keys_of, shown, suggestion
from vigilog.config.layer import Key, Layer, Value, laid, settled
from vigilog.config.settings import Settings
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place

if TYPE_CHECKING:
    from vigilog.config.toml_lines import Index

DEFAULT = "/etc/vigilog/vigilog.toml"
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


def read_settings(path: str) -> tuple[Settings, tuple[ConfigurationError, ...]]:
    """What `path` and its drop-ins amount to, without what is wrong, and all that is wrong, in the order of the files."""
    layer = read(path)
    return settled(layer), layer.errors


def read(path: str, *, required: bool = True) -> Layer:
    """The file at `path`, then its drop-ins in the order of their names; a later file wins key by key.

    The drop-ins of NAME.toml are NAME.d/*.toml beside it. A missing `path` is a mistake only where it is `required`.
    """
    layers = [] if not required and not os.path.lexists(path) else [read_file(path)]
    directory = os.path.splitext(path)[0] + ".d"
    try:
        names = sorted(os.listdir(directory))
    except (FileNotFoundError, NotADirectoryError):
        names = []
    except OSError as error:
        layers.append(Layer(errors=(unreadable(directory, error),)))
        names = []
    layers += [read_file(os.path.join(directory, name)) for name in names if name.endswith(".toml") and name[0] != "."]
    return laid(layers)


def read_file(path: str) -> Layer:
    """One file, by itself."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        return Layer(errors=(unreadable(path, error),))
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{data[error.start]:02x} is not UTF-8"
        return Layer(errors=(ConfigurationError(found, place=Place(path, line), expected="TOML, which is UTF-8"),))
    return read_text(text.replace("\r\n", "\n"), path)


def unreadable(path: str, error: OSError) -> ConfigurationError:
    """`path` cannot be read, and why."""
    remedy = "run as a user who may read it" if isinstance(error, PermissionError) else "name a file that exists with --config"
    return ConfigurationError(
        f"cannot be read: {error.strerror}", place=Place(path), expected="a readable TOML file", remedy=remedy
    )


def read_text(text: str, file: str) -> Layer:
    """A TOML text; `file` is the name its places have."""
    from vigilog.config.toml_lines import index  # noqa: PLC0415 - most hosts have no such file, and starting must be quick

    where = index(text)
    document, errors = parsed(text, where, file)
    values: dict[Key, Value] = {}
    places: dict[Key, Place] = {}
    for table, name, value in keys(document):
        place = Place(file, where.lines.get((table, name) if name else (table,)))
        if not name:
            errors.append(misplaced(table, value, place))
            continue
        if name not in keys_of(table):
            errors.append(unknown(table, name, place))
            continue
        held = checked(table, name, value, place)
        if isinstance(held, ConfigurationError):
            errors.append(held)
        else:
            values[table, name] = held
            places[table, name] = place
    errors.sort(key=lambda error: error.place.line or 0 if error.place else 0)
    return Layer(values, places, tuple(errors))


def keys(document: Mapping[str, object]) -> Iterator[tuple[str, str, object]]:
    """Table, key and value of all there is; what is not in a known table comes with an empty key."""
    for table, content in document.items():
        if table in TABLES and isinstance(content, dict):
            yield from ((table, name, value) for name, value in content.items())
        else:
            yield table, "", content


def misplaced(table: str, value: object, place: Place) -> ConfigurationError:
    """Something at the root that is not a table of ours."""
    if table in TABLES:
        return ConfigurationError(
            f"{table} is {shown(value)}", place=place, expected="a table", remedy=f"write [{table}] on a line of its own"
        )
    if not isinstance(value, dict):
        homes = [f"[{name}]" for name in TABLES if table in keys_of(name)]
        remedy = f"move it below {' or '.join(homes)}" if homes else ""
        return ConfigurationError(f'key "{table}" is in no table', place=place, expected=tables(), remedy=remedy)
    return ConfigurationError(
        f"unknown table [{table}]", place=place, expected=tables(), remedy=suggestion(table, list(TABLES))
    )


def tables() -> str:
    """The names of all tables, in words."""
    return "one of " + ", ".join(f"[{name}]" for name in TABLES)


def unknown(table: str, name: str, place: Place) -> ConfigurationError:
    """A key that its table does not have."""
    elsewhere = [other for other in TABLES if name in keys_of(other)]
    near = f"it belongs into [{elsewhere[0]}]" if elsewhere else suggestion(name, list(keys_of(table)))
    remedy = near or "`vigilog init --output -` shows them all"
    return ConfigurationError(f'unknown key "{name}" in [{table}]', place=place, expected=f"a key of [{table}]", remedy=remedy)


def parsed(text: str, where: Index, file: str) -> tuple[dict[str, object], list[ConfigurationError]]:
    """What is valid in `text`, and an error for each statement that is not: a bad statement hides no other."""
    import tomllib  # noqa: PLC0415 - as above

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
    import tomllib  # noqa: PLC0415 - as above

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
