"""What may stand under a key, in words. Imported where there is a mistake to explain or documentation to write."""

from __future__ import annotations

from functools import cache

from msgspec import inspect

from vigilog.config.checked import NAMES, ONE_OR_MORE, PROPERTIES, shown, suggestion
from vigilog.config.run_settings import Duration
from vigilog.config.tables import TABLES, hints, kind


@cache
def fields() -> dict[str, dict[str, inspect.Field]]:
    """Every table of vigilog.toml, and in it every key with its type and default."""
    return {
        name: {field.encode_name: field for field in struct(inspect.type_info(table)).fields} for name, table in TABLES.items()
    }


def struct(shape: inspect.Type) -> inspect.StructType:
    """`shape`, of which it is known that it is a table."""
    assert isinstance(shape, inspect.StructType)
    return shape


def expectation(table: str, name: str) -> str:
    """What may stand under a key, in words."""
    word = kind(table)
    if hints(word)[name] in {Duration, Duration | None}:
        return 'a number of seconds, or a text such as "10m" or "1h30m"'
    if (word, name) in PROPERTIES:
        return "a table of texts, numbers, true and false"
    if word == "trigger" and name in NAMES:
        return "names with blanks between them, or a list of names"
    if word == "trigger" and name in ONE_OR_MORE:
        return "a text or a list of texts"
    return in_words(fields()[word][name].type)


def in_words(shape: inspect.Type) -> str:
    """What may stand where `shape` is asked for, in words."""
    match shape:
        case inspect.LiteralType(values=values):
            return "one of " + ", ".join(f'"{value}"' for value in values)
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType(ge=low, le=high) | inspect.FloatType(ge=low, le=high):
            limits = [f"from {low:g}"] * (low is not None) + [f"up to {high}"] * (high is not None)
            return " ".join(["a whole number" if isinstance(shape, inspect.IntType) else "a number", *limits])
        case inspect.VarTupleType(item_type=item):
            return f"a list of {'texts' if isinstance(item, inspect.StrType) else in_words(item)}"
        case inspect.DictType() | inspect.UnionType():
            return 'a table of texts, such as {name = "text"}'
        case _:
            return "a text"


def remedy(table: str, name: str, value: object) -> str:
    """What to write instead, where it can be told."""
    match fields()[kind(table)][name].type, value:
        case inspect.LiteralType(values=values), str():
            return suggestion(value, [text for text in values if isinstance(text, str)])
        case inspect.VarTupleType(), str():
            return f"write [{shown(value)}]"
        case inspect.BoolType(), str() if value.lower() in {"true", "yes", "on", "1"}:
            return "write true without quotes"
        case inspect.BoolType(), str() if value.lower() in {"false", "no", "off", "0"}:
            return "write false without quotes"
        case inspect.BoolType(), int() if value in {0, 1}:
            return f"write {'true' if value else 'false'}"
        case ((inspect.IntType() | inspect.FloatType()), str()) if value.strip().isdecimal():
            return f"write {value.strip()} without quotes"
        case ((inspect.StrType() | inspect.LiteralType()), (int() | float())) if not isinstance(value, bool):
            return f'write "{value}" in quotes'
        case _:
            return ""
