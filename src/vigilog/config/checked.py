"""Whether a value may stand under a key, and the sentence that says why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite

import msgspec

from vigilog.config.layer import Value
from vigilog.config.objections import objection
from vigilog.config.run_settings import Duration
from vigilog.config.tables import hints, kind
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place

ONE_OR_MORE = {"pattern", "program", "reset", "follow", "fields", "key", "sources", "actions", "ports"}
"""Keys of a trigger where a text alone stands for a list of one."""

NAMES = {"fields", "key"}
"""Those of them where it is names with blanks between them."""

PROPERTIES = {("kafka", "properties"), ("watch", "kafka_properties")}
"""Keys with properties of librdkafka, whose names have dots in them."""

NOTHING = "-"
"""Stands in `fields` for a capture that is no field."""


def checked(table: str, name: str, value: object, place: Place | None) -> Value | ConfigurationError:
    """`value` as the settings hold it (lists as tuples, durations in seconds), or the mistake in it. The key itself must
    exist."""
    key = f"{table}.{name}"
    shape = hints(kind(table))[name]
    try:
        held: Value = msgspec.convert(taken(kind(table), name, shape, value), shape, strict=True)
    except msgspec.ValidationError:
        from vigilog.config.expected import expectation, remedy  # noqa: PLC0415 - only where there is a mistake

        found = f"{key} cannot be used" if secret(table, name) else f"{key} is {shown(value)}"
        return ConfigurationError(found, place=place, expected=expectation(table, name), remedy=remedy(table, name, value))
    if isinstance(held, float) and not isfinite(held):
        return ConfigurationError(f"{key} is {shown(value)}", place=place, expected="a finite number")
    for part in parts(held):
        if expected := objection(kind(table), name, part):
            return ConfigurationError(f"{key} has {told(table, name, part)}", place=place, expected=expected)
    return held


def secret(table: str, name: str) -> bool:
    """Whether what stands under a key may be a password: a message ends in a log."""
    return (kind(table), name) in {
        ("action", "url"),
        ("action", "headers"),
        ("action", "environment"),
        ("kafka", "properties"),
        ("watch", "kafka_properties"),
    }


def told(table: str, name: str, part: str | float) -> str:
    """A part of a value as a message tells it."""
    if not secret(table, name) or not isinstance(part, str):
        return shown(part)
    return "something else" if name == "url" else shown(part.partition("=")[0])


def taken(word: str, name: str, shape: object, value: object) -> object:
    """`value` as it is converted, where the table takes more than its type says: durations and single texts."""
    if word == "trigger" and name in {"fields", "ports"} and isinstance(value, str | list):
        from vigilog.config.run_objections import single_ports  # noqa: PLC0415 - starting must be quick

        if name == "ports":
            return [port for each in ([value] if isinstance(value, str) else value) for port in single_ports(each)]
        return ["" if each == NOTHING else each for each in (value.split() if isinstance(value, str) else value)]
    if (word, name) in PROPERTIES and isinstance(value, dict):
        return {".".join(path): written(held) for path, held in leaves(value)}
    if not isinstance(value, str):
        return value
    if shape in {Duration, Duration | None}:
        from vigilog.config.durations import seconds  # noqa: PLC0415 - starting must be quick

        duration = seconds(value)
        return value if duration is None else duration
    if word == "trigger" and name in ONE_OR_MORE:
        return value.split() if name in NAMES else [value]
    return value


def leaves(table: Mapping[str, object]) -> Iterator[tuple[tuple[str, ...], object]]:
    """What is no table in a table or below it, by its path: TOML reads `linger.ms = 5` as a table `linger` with a key `ms`."""
    for key, value in table.items():
        if isinstance(value, dict):
            for path, held in leaves(value):
                yield (key, *path), held
        else:
            yield (key,), value


def written(value: object) -> object:
    """A number, true or false as librdkafka reads it; anything else as it is."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def parts(held: Value) -> Iterator[str | float]:
    """The single texts and numbers of a value; of a table its keys and its values."""
    match held:
        case tuple():
            yield from held
        case dict():
            for name, text in held.items():
                yield f"{name}={text}"
        case str() | float():
            yield held


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
