"""What is wrong with `[watch]` that its single values do not show."""

from __future__ import annotations

from collections.abc import Iterator

from vigilog.config.checked import shown
from vigilog.config.layer import Layer
from vigilog.config.settings import Settings
from vigilog.core.errors import ConfigurationError, MissingExtra
from vigilog.core.nouns import Place
from vigilog.ship.brokers import brokers
from vigilog.ship.properties import check
from vigilog.ship.settings import Connection, Property
from vigilog.watch.kafka_client import RESERVED
from vigilog.watch.kafka_spec import Spec, spec

_INSTEAD = {"group.id": "kafka_group, or ?group=NAME behind a source", "bootstrap.servers": "kafka_brokers"}


def crossed(layer: Layer, settings: Settings) -> Iterator[ConfigurationError]:
    """Brokers that are none, properties that librdkafka refuses (if it is installed), those that Vigilog needs itself,
    sources that would take each other's records, and those that would read what they led to."""
    yield from in_one_group(layer, settings)
    yield from round_and_round(layer, settings)
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


def in_one_group(layer: Layer, settings: Settings) -> Iterator[ConfigurationError]:
    """Sources of which each would get a part of the same records: one that has a topic and the group of another before it."""
    before: list[Spec] = []
    for number, written in enumerate(settings.run.sources):
        if not written.startswith("kafka:"):
            continue
        found = spec(written)
        other = next((each for each in before if each != found and each.group == found.group and share(each, found)), None)
        if other is not None:
            place = (
                layer.places.get(("run", f"sources.{number}")) or layer.places.get(("run", "sources")) or Place("run.sources")
            )
            text = f"{shown(written)} has a topic of {shown(other.name)}, and its group"
            yield ConfigurationError(text, place=place, expected="another group", remedy="write ?group=NAME behind it")
        before.append(found)


def share(one: Spec, other: Spec) -> bool:
    """Whether a topic that is named in one of them is meant by the other."""
    return any(map(one.means, other.topics)) or any(map(other.means, one.topics))


def round_and_round(layer: Layer, settings: Settings) -> Iterator[ConfigurationError]:
    """Streams that ship what comes of a topic to the same topic: for ever, and more each time."""
    sources = {written: spec(written) for written in settings.run.sources if written.startswith("kafka:")}
    for loaded in layer.streams if settings.ship.to == "kafka" else ():
        stream = loaded.stream
        topic = stream.topic or f"vigilog.{stream.what}"
        elsewhere = frozenset(sources) - frozenset(stream.sources) if stream.sources else frozenset()
        for written, source in sources.items():
            if source.means(topic) and written not in elsewhere:
                found = f"what is shipped to {shown(topic)} is read again by {shown(written)}"
                expected = "another topic, or sources without that one"
                yield ConfigurationError(found, place=loaded.place_of("topic"), expected=expected)
