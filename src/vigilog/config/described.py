"""What settings.py says about every table and key: the one source of `vigilog init`, of the manual and of the documentation."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from importlib.resources import files

import msgspec
from msgspec import inspect

from vigilog.config.expected import expectation, fields
from vigilog.config.layer import Value
from vigilog.config.settings import Settings


@dataclass(frozen=True, slots=True)
class DescribedKey:
    """A key: its name, what may stand there in words, its default, and what it means."""

    name: str
    expected: str
    default: Value
    meaning: str


@dataclass(frozen=True, slots=True)
class DescribedTable:
    """A table: its name, what it is for, and its keys in their order."""

    name: str
    meaning: str
    keys: tuple[DescribedKey, ...]


def described() -> tuple[DescribedTable, ...]:
    """All tables of vigilog.toml, in their order."""
    source = files("vigilog.config").joinpath("settings.py").read_text(encoding="utf-8")
    classes = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}
    return tuple(table(name, keys, classes) for name, keys in fields().items())


def table(name: str, keys: dict[str, inspect.Field], classes: dict[str, ast.ClassDef]) -> DescribedTable:
    """One table, with the texts that stand under its fields in the source."""
    node = classes[type(getattr(Settings(), name)).__name__]
    meanings = texts(node)
    about = (ast.get_docstring(node) or "").partition(": ")[2]
    held = [DescribedKey(key, expectation(field.type), default(field), meanings[key]) for key, field in keys.items()]
    return DescribedTable(name, about, tuple(held))


def texts(node: ast.ClassDef) -> dict[str, str]:
    """For each annotated field of a class, the string that follows it, on one line."""
    found = {}
    for statement, following in zip(node.body, node.body[1:], strict=False):
        match statement, following:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = " ".join(text.split())
    return found


def default(field: inspect.Field) -> Value:
    """The default of a key, as the settings hold it."""
    value: Value = msgspec.convert(field.default, str | int | bool | tuple[str, ...])
    return value
