"""What is wrong with `[watch]` that its single values do not show."""

from __future__ import annotations

from collections.abc import Iterator

from vigilog.config.layer import Layer
from vigilog.config.settings import Settings
from vigilog.core.errors import ConfigurationError, MissingExtra
from vigilog.core.nouns import Place
from vigilog.ship.brokers import brokers
from vigilog.ship.properties import check
from vigilog.ship.settings import Connection, Property
from vigilog.watch.kafka_client import RESERVED

_INSTEAD = {"group.id": "kafka_group, or ?group=NAME behind a source", "bootstrap.servers": "kafka_brokers"}


def crossed(layer: Layer, settings: Settings) -> Iterator[ConfigurationError]:
    """Brokers that are none, properties that librdkafka refuses (if it is installed), and those that Vigilog needs itself."""
    wanted = settings.watch
    place = layer.places.get(("watch", "kafka_brokers"))
    if wanted.kafka_brokers:
        try:
            brokers(Connection(wanted.kafka_brokers, (), place))
        except ConfigurationError as error:
            yield error
    for name, value in wanted.kafka_properties.items():
        here = layer.places.get(("watch", f"kafka_properties.{name}")) or layer.places.get(("watch", "kafka_properties"))
        if name in RESERVED or name in _INSTEAD:
            expected = _INSTEAD.get(name, "")
            yield ConfigurationError(f"{name} cannot be set among the properties", place=here, expected=expected)
            continue
        try:
            check(Connection(["localhost"], [Property(name, value, here or Place("watch.kafka_properties"))]))
        except MissingExtra:
            return
        except ConfigurationError as error:
            yield error
