"""What settings.py and its like say about every table and key: for `vigilog init`, the manual and the documentation."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from importlib.resources import files

import msgspec
from msgspec import inspect

from vigilog.config.durations import said
from vigilog.config.expected import expectation, fields
from vigilog.config.layer import Value
from vigilog.config.run_settings import Duration
from vigilog.config.tables import TABLES, head, hints

SOURCES = ("settings.py", "run_settings.py", "watch_settings.py", "fleet_settings.py", "ship_settings.py", "web_settings.py")


@dataclass(frozen=True, slots=True)
class DescribedKey:
    """A key: its name, what may stand there in words, its default (None where there is none), and what it means."""

    name: str
    expected: str
    default: Value
    meaning: str


@dataclass(frozen=True, slots=True)
class DescribedTable:
    """A table: its name, how its head is written, what it is for, and its keys in their order."""

    name: str
    head: str
    meaning: str
    keys: tuple[DescribedKey, ...]


def described() -> tuple[DescribedTable, ...]:
    """All tables of vigilog.toml, in their order."""
    sources = [files("vigilog.config").joinpath(name).read_text(encoding="utf-8") for name in SOURCES]
    nodes = [node for source in sources for node in ast.parse(source).body]
    classes = {node.name: node for node in nodes if isinstance(node, ast.ClassDef)}
    return tuple(table(name, keys, classes[TABLES[name].__name__]) for name, keys in fields().items())


def table(name: str, keys: dict[str, inspect.Field], node: ast.ClassDef) -> DescribedTable:
    """One table, with the texts that stand under its fields in the source."""
    meanings = texts(node)
    about = " ".join((ast.get_docstring(node) or "").partition(": ")[2].split())
    held = [DescribedKey(key, expectation(name, key), default(name, field), meanings[key]) for key, field in keys.items()]
    return DescribedTable(name, head(name), about, tuple(held))


def texts(node: ast.ClassDef) -> dict[str, str]:
    """For each annotated field of a class, the string that follows it, on one line."""
    found = {}
    for statement, following in zip(node.body, node.body[1:], strict=False):
        match statement, following:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = " ".join(text.split())
    return found


def default(table: str, field: inspect.Field) -> Value:
    """The default of a key as it is written: durations with their unit."""
    if field.default_factory is not msgspec.NODEFAULT:
        value: Value = field.default_factory()
        return value
    value = None if field.default is msgspec.NODEFAULT else field.default
    duration = hints(table)[field.encode_name] in {Duration, Duration | None}
    return said(value) if duration and isinstance(value, float) else value
