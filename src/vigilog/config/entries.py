"""The keys of one table, each checked, and what is told about a key that its table does not have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vigilog.config.checked import PROPERTIES, checked, leaves, suggestion
from vigilog.config.layer import Value
from vigilog.config.tables import TABLES, head, keys_of, kind
from vigilog.config.toml_text import Document
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place

ELSEWHERE = {
    "time": "`within` is the time that events are counted in, `ban_time` how long a ban is",
    "maxfail": "it is called `count` here",
    "maxretry": "it is called `count` here",
    "findtime": "it is called `within` here",
    "bantime": "it is called `ban_time` here",
    "failregex": "it is called `pattern` here",
    "script": "scripts are actions: [action.NAME] with script, and actions = [NAME] here",
    "file": "name the log in `sources`",
    "logpath": "name the log in `sources`",
}
"""What is written in a trigger by those who come from logtrigger or fail2ban."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a table says: its values that passed their check, the places of all its keys that there are, right or wrong (lists
    besides with the place of each entry, as `pattern.0`, librdkafka's properties as `properties.linger.ms`), and the
    mistakes."""

    values: Mapping[str, Value]
    places: Mapping[str, Place]
    errors: tuple[ConfigurationError, ...]


def entry(table: str, content: Mapping[str, object], document: Document, *path: str | int) -> Entry:
    """The table `table`, as a `Key` has it, whose `content` stands at `path` of the document."""
    values: dict[str, Value] = {}
    places: dict[str, Place] = {}
    errors: list[ConfigurationError] = []
    for name, value in content.items():
        place = document.place(*path, name)
        if name not in keys_of(table):
            errors.append(unknown(table, name, place))
            continue
        places[name] = place
        if isinstance(value, list):
            places |= {f"{name}.{number}": document.place(*path, name, number) for number in range(len(value))}
        if (table, name) in PROPERTIES and isinstance(value, dict):
            places |= {f"{name}.{'.'.join(inner)}": document.place(*path, name, *inner) for inner, _ in leaves(value)}
        held = checked(table, name, value, place)
        if isinstance(held, ConfigurationError):
            errors.append(held)
        else:
            values[name] = held
    return Entry(values, places, tuple(errors))


def unknown(table: str, name: str, place: Place) -> ConfigurationError:
    """A key that its table does not have."""
    elsewhere = [head(other) for other in TABLES if name in keys_of(other)]
    near = suggestion(name, list(keys_of(table)))
    if kind(table) == "trigger":
        near = ELSEWHERE.get(name) or near
    elif elsewhere:
        near = f"it belongs into {elsewhere[0]}"
    remedy = near or (f"it belongs into {elsewhere[0]}" if elsewhere else "`vigilog init --output -` shows them all")
    where = head(table)
    return ConfigurationError(f'unknown key "{name}" in {where}', place=place, expected=f"a key of {where}", remedy=remedy)
