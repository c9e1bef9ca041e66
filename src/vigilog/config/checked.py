"""Whether a value may stand under a key, and the sentence that says why not."""

from __future__ import annotations

from functools import cache
from typing import Any, get_type_hints

import msgspec
from msgspec import inspect

from vigilog.config.layer import Value
from vigilog.config.settings import Settings
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place

TEXT_FOR_PEOPLE = {("check", "host"), ("check", "date_format"), ("mail", "sender"), ("mail", "to")}
PATHS = {
    ("check", "rule_directory"),
    ("check", "temporary_directory"),
    ("psionic", "hacking"),
    ("psionic", "violations"),
    ("psionic", "violations_ignore"),
    ("psionic", "ignore"),
    ("psionic", "temporary_directory"),
    ("mail", "smtp_password_file"),
    ("state", "directory"),
    ("state", "takeover"),
}


@cache
def fields() -> dict[str, dict[str, inspect.Field]]:
    """Every table of vigilog.toml, and in it every key with its type and default."""
    return {name: fields_of(struct(table.type).cls) for name, table in fields_of(Settings).items()}


def fields_of(table: type) -> dict[str, inspect.Field]:
    """The fields of one table by their names."""
    return {field.encode_name: field for field in struct(inspect.type_info(table)).fields}


def struct(shape: inspect.Type) -> inspect.StructType:
    """`shape`, of which it is known that it is a table."""
    assert isinstance(shape, inspect.StructType)
    return shape


def expectation(shape: inspect.Type) -> str:
    """What may stand where `shape` is asked for, in words."""
    match shape:
        case inspect.LiteralType(values=values):
            return "one of " + ", ".join(f'"{value}"' for value in values)
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType(ge=low, le=high):
            limits = [f"from {low}"] * (low is not None) + [f"up to {high}"] * (high is not None)
            return " ".join(["a whole number", *limits])
        case inspect.VarTupleType(item_type=item):
            return f"a list of {'texts' if isinstance(item, inspect.StrType) else expectation(item)}"
        case _:
            return "a text"


def checked(table: str, name: str, value: object, place: Place | None) -> Value | ConfigurationError:
    """`value` as the settings hold it (lists as tuples), or the mistake in it. The key itself must exist."""
    shape = fields()[table][name].type
    key = f"{table}.{name}"
    try:
        held: Value = msgspec.convert(value, types_of(table)[name], strict=True)
    except msgspec.ValidationError:
        return ConfigurationError(
            f"{key} is {shown(value)}", place=place, expected=expectation(shape), remedy=remedy(shape, value)
        )
    for text in held if isinstance(held, tuple) else (held,):
        if isinstance(text, str) and (expected := objection(table, name, text)):
            return ConfigurationError(f"{key} has {shown(text)}", place=place, expected=expected)
    return held


def objection(table: str, name: str, text: str) -> str:
    """What is expected instead of a text of the right type that can do harm or mean nothing, else ''."""
    if any(character < " " or character == "\x7f" for character in text):
        return "no control characters"
    if (table, name) in TEXT_FOR_PEOPLE or name.endswith("_subject"):
        try:
            text.encode()
        except UnicodeEncodeError:
            return "text in UTF-8"
    if (table, name) == ("mail", "to") and (not text.strip() or text.startswith("-")):
        return "a mail address, which is not empty and does not begin with -"
    if (table, name) in PATHS and not text.startswith("/") and text != fields()[table][name].default:
        return "a path from the root, beginning with /"
    if (
        (table, name) == ("check", "sources")
        and text not in {"journal", "-"}
        and not text.removeprefix("multilog:").startswith("/")
    ):
        return "a path from the root, beginning with /, or journal, multilog:DIRECTORY or -"
    return ""


@cache
def types_of(table: str) -> dict[str, Any]:
    """The type of every key of a table, as settings.py has it."""
    return get_type_hints(struct(fields_of(Settings)[table].type).cls, include_extras=True)


def remedy(shape: inspect.Type, value: object) -> str:
    """What to write instead, where it can be told."""
    match shape, value:
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
        case inspect.IntType(), str() if value.strip().isdigit():
            return f"write {value.strip()} without quotes"
        case ((inspect.StrType() | inspect.LiteralType()), (int() | float())) if not isinstance(value, bool):
            return f'write "{value}" in quotes'
        case _:
            return ""


def suggestion(word: str, words: list[str]) -> str:
    """Asks whether the one of `words` that is nearest to `word` was meant; '' if none is near."""
    from difflib import get_close_matches  # noqa: PLC0415 - needed only when there is a mistake

    near = get_close_matches(word.lower(), words, n=1)
    return f'did you mean "{near[0]}"?' if near else ""


def shown(value: object) -> str:
    """A value as TOML has it, on one line, cut short when it is long."""
    match value:
        case bool():
            text = "true" if value else "false"
        case str():
            escaped = value.encode("unicode_escape").decode("ascii") if not value.isprintable() else value.replace("\\", "\\\\")
            text = '"' + escaped.replace('"', '\\"') + '"'
        case list() | tuple():
            text = "[" + ", ".join(shown(item) for item in value) + "]"
        case dict():
            text = "{" + ", ".join(f"{key} = {shown(item)}" for key, item in value.items()) + "}"
        case _:
            text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."
