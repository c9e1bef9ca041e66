"""Layers of settings: what one file or the command line says, where it says it, and how layers lie on each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from vigilog.config.settings import Settings
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place

Key = tuple[str, str]
"""A table of vigilog.toml and a key in it, e.g. `("check", "level")`."""

Value = str | int | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """What one source of settings says.

    `values` holds only keys that were set and passed their check; `places` says where. `errors` are the mistakes, none
    of which is in `values`. `remarks` are harmless but worth knowing; they are shaped like errors and never raised.
    """

    values: Mapping[Key, Value] = field(default_factory=dict)
    places: Mapping[Key, Place] = field(default_factory=dict)
    errors: tuple[ConfigurationError, ...] = ()
    remarks: tuple[ConfigurationError, ...] = ()


def laid(layers: Iterable[Layer]) -> Layer:
    """All layers as one: for each key the last layer that sets it wins, lists included; errors and remarks add up."""
    values: dict[Key, Value] = {}
    places: dict[Key, Place] = {}
    errors: list[ConfigurationError] = []
    remarks: list[ConfigurationError] = []
    for layer in layers:
        values.update(layer.values)
        for key in layer.values:
            places.pop(key, None)
        places.update(layer.places)
        errors.extend(layer.errors)
        remarks.extend(layer.remarks)
    return Layer(values, places, tuple(errors), tuple(remarks))


def settled(layer: Layer) -> Settings:
    """The settings a layer amounts to; keys it does not set have their defaults."""
    document: dict[str, dict[str, Value]] = {}
    for (table, name), value in layer.values.items():
        document.setdefault(table, {})[name] = value
    return msgspec.convert(document, Settings)
