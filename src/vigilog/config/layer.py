"""Layers of settings: what one file or the command line says, where it says it, and how layers lie on each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from vigilog.config.run_settings import Action
from vigilog.config.settings import Settings
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place

if TYPE_CHECKING:
    from vigilog.config.ship_streams import LoadedStream
    from vigilog.config.triggers import Loaded

Key = tuple[str, str]
"""A table of vigilog.toml and a key in it, e.g. `("check", "level")` or `("action.page", "script")`."""

Value = str | float | bool | tuple[str, ...] | dict[str, str] | None


@dataclass(frozen=True, slots=True)
class Layer:
    """What one source of settings says.

    `values` holds only keys that were set and passed their check; `places` says where every key stands, right or wrong, and
    under `""` where its table does. `errors` are the mistakes, none of which is in `values`. `remarks` are harmless but worth
    knowing; they are shaped like errors and never raised. `triggers` are by their names: a trigger is one thing, and not taken
    apart into keys. `streams` have no names, and add up.
    """

    values: Mapping[Key, Value] = field(default_factory=dict)
    places: Mapping[Key, Place] = field(default_factory=dict)
    errors: tuple[ConfigurationError, ...] = ()
    remarks: tuple[ConfigurationError, ...] = ()
    triggers: Mapping[str, Loaded] = field(default_factory=dict)
    streams: tuple[LoadedStream, ...] = ()


def laid(layers: Iterable[Layer]) -> Layer:
    """All layers as one: for each key the last layer that sets it wins, lists included, and for each trigger
    the last that has it; streams, errors and remarks add up."""
    values: dict[Key, Value] = {}
    places: dict[Key, Place] = {}
    errors: list[ConfigurationError] = []
    remarks: list[ConfigurationError] = []
    triggers: dict[str, Loaded] = {}
    streams: list[LoadedStream] = []
    for layer in layers:
        values.update(layer.values)
        for key in layer.values:
            places.pop(key, None)
        places.update(layer.places)
        errors.extend(layer.errors)
        remarks.extend(layer.remarks)
        triggers.update(layer.triggers)
        streams.extend(layer.streams)
    return Layer(values, places, tuple(errors), tuple(remarks), triggers, tuple(streams))


def settled(layer: Layer) -> Settings:
    """The settings a layer amounts to; keys it does not set have their defaults. An action without a type is left out."""
    document: dict[str, dict[str, Value]] = {}
    for (table, name), value in layer.values.items():
        document.setdefault(table, {})[name] = value
    plain = {table: content for table, content in document.items() if "." not in table}
    settings = msgspec.convert(plain, Settings)
    actions = {table.partition(".")[2]: content for table, content in document.items() if "." in table and "type" in content}
    if not actions and not layer.triggers and not layer.streams:
        return settings
    return msgspec.structs.replace(
        settings,
        actions=settings.actions | msgspec.convert(actions, dict[str, Action]),
        triggers=tuple(loaded.trigger for loaded in layer.triggers.values()),
        streams=tuple(loaded.stream for loaded in layer.streams),
    )
