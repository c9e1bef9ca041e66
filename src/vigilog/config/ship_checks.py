"""What does not go together about shipping: streams, triggers of the fleet, sources, formats, and where all that goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vigilog.config.checked import shown, suggestion
from vigilog.config.layer import Layer
from vigilog.config.settings import Settings
from vigilog.config.ship_streams import LoadedStream
from vigilog.config.trigger_checks import Examined
from vigilog.config.triggers import Loaded
from vigilog.core.errors import ConfigurationError, MissingExtra, RuleError
from vigilog.ship.settings import Connection, Property

BELONGS: dict[str, tuple[str, ...]] = {
    "lines": ("sources", "format", "language", "key"),
    "events": ("sources", "triggers", "key"),
    "alerts": ("triggers",),
    "outcomes": ("triggers",),
    "bans": (),
    "blocks": (),
}
"""For each thing that is shipped the keys that its streams have, besides what and topic."""


def crossed(layer: Layer, settings: Settings, triggers: Sequence[Examined]) -> Iterator[ConfigurationError]:
    """Every contradiction about shipping. `triggers` are those in force, complete."""
    for loaded in layer.streams:
        yield from foreign_keys(loaded)
        yield from missing_triggers(loaded, [each.loaded.trigger.name for each in triggers])
        if ("run", "sources") in layer.values or ("run", "sources") not in layer.places:  # else it had a mistake itself
            yield from missing_sources(loaded, settings.run.sources)
        yield from formats(loaded)
        yield from missing_fields(loaded, triggers)
        yield from without_boxes(loaded, settings.run.sources)
    if settings.ship.to == "kafka":
        fleet = [each.loaded for each in triggers if each.loaded.trigger.scope == "fleet"]
        yield from without_brokers(layer, settings, fleet)
        yield from two_places(layer, settings, fleet)
        yield from refused(layer, settings)


def foreign_keys(loaded: LoadedStream) -> Iterator[ConfigurationError]:
    """Keys that say nothing about what a stream ships."""
    what = loaded.stream.what
    for key in loaded.stream.__struct_fields__:
        if key in loaded.places and key not in {"what", "topic", *BELONGS[what]}:
            expected = f"one of what, topic, {', '.join(BELONGS[what])}" if BELONGS[what] else "what and topic alone"
            yield ConfigurationError(f"a stream of {what} has no {key}", place=loaded.places[key], expected=expected)
    if "language" in loaded.places and what == "lines" and "format" not in loaded.places:
        yield ConfigurationError("a language without a format", place=loaded.places["language"], expected="the key format")


def missing_triggers(loaded: LoadedStream, names: Sequence[str]) -> Iterator[ConfigurationError]:
    """Triggers of a stream that are not there."""
    for number, name in enumerate(loaded.stream.triggers):
        if name not in names:
            expected = f"one of {', '.join(names)}" if names else "a trigger"
            place = loaded.place_of(f"triggers.{number}")
            found = f"there is no trigger {shown(name)}"
            yield ConfigurationError(found, place=place, expected=expected, remedy=suggestion(name, list(names)))


def missing_sources(loaded: LoadedStream, sources: Sequence[str]) -> Iterator[ConfigurationError]:
    """Sources of a stream that nobody reads."""
    for number, source in enumerate(loaded.stream.sources):
        if source not in sources:
            expected = f"one of {', '.join(sources)}" if sources else "sources in [run]"
            place = loaded.place_of(f"sources.{number}")
            found = f"{shown(source)} is not among the sources of [run]"
            yield ConfigurationError(found, place=place, expected=expected, remedy="name it there, too")


def formats(loaded: LoadedStream) -> Iterator[ConfigurationError]:
    """A format that lines cannot be taken apart by, and a key that is none of its fields."""
    stream = loaded.stream
    if stream.what != "lines":
        return
    if not stream.format:
        if stream.key:
            found = f"the key {shown(stream.key)} of lines that no format takes apart"
            yield ConfigurationError(found, place=loaded.place_of("key"), expected="the key format, too")
        return
    from vigilog.patterns.logformat_choice import chosen  # noqa: PLC0415 - only where lines are taken apart

    try:
        made = chosen(stream.format, stream.language)
        made.read  # noqa: B018 - makes what takes lines apart, or refuses to
    except RuleError as error:
        found = error.found if stream.format in error.found else f"{error.found} in {shown(stream.format)}"
        yield RuleError(found, place=loaded.place_of("format"), expected=error.expected, remedy=error.remedy)
        return
    if stream.key and stream.key not in made.keys:
        expected = f"one of {', '.join(made.keys)}"
        found = f"the format has no field {shown(stream.key)}"
        yield ConfigurationError(found, place=loaded.place_of("key"), expected=expected)


def missing_fields(loaded: LoadedStream, triggers: Sequence[Examined]) -> Iterator[ConfigurationError]:
    """Triggers whose events do not have the field that a stream of events is keyed by."""
    stream = loaded.stream
    if stream.what != "events" or not stream.key:
        return
    for each in triggers:
        name = each.loaded.trigger.name
        if (not stream.triggers or name in stream.triggers) and each.loaded.trigger.pattern and stream.key not in each.fields:
            found = f"the events of trigger {shown(name)} have no field {shown(stream.key)}"
            expected = f"one of {', '.join(sorted(each.fields))}" if each.fields else "no key"
            yield ConfigurationError(found, place=loaded.place_of("key"), expected=expected, remedy="or name the triggers")


def without_boxes(loaded: LoadedStream, sources: Sequence[str]) -> Iterator[ConfigurationError]:
    """Blocks of black boxes, none of which is read."""
    if loaded.stream.what == "blocks" and not any(source.startswith("blackbox:") for source in sources):
        found = "blocks are shipped, and no file of them is among the sources of [run]"
        yield ConfigurationError(found, place=loaded.place_of("what"), expected="blackbox:FILE among them")


def two_places(layer: Layer, settings: Settings, fleet: Sequence[Loaded]) -> Iterator[ConfigurationError]:
    """Streams for some brokers, and triggers for others: a host ships to one place."""
    ours, theirs = settings.ship.brokers, settings.fleet.brokers
    if layer.streams and fleet and theirs and ours != theirs:
        place = layer.places.get(("fleet", "brokers"))
        found = "the fleet has other brokers than [ship], and a host ships to one place"
        yield ConfigurationError(found, place=place, expected=f"no brokers here, or those of [ship]: {', '.join(ours)}")


def without_brokers(layer: Layer, settings: Settings, fleet: Sequence[Loaded]) -> Iterator[ConfigurationError]:
    """Something to ship to Kafka, and no broker."""
    if fleet and settings.fleet.brokers:
        return
    places = [*(each.place for each in layer.streams), *(each.places.get("scope", each.place) for each in fleet)]
    named = ("ship", "brokers")
    if places and not settings.ship.brokers and named in layer.values:
        place = layer.places.get(named) or places[0]
        remedy = 'write brokers = ["HOST:9092"] in [ship], or to = "file:PATH"'
        yield ConfigurationError("there is something to ship, and no broker", place=place, remedy=remedy)


_ANY = ("localhost",)


def refused(layer: Layer, settings: Settings) -> Iterator[ConfigurationError]:
    """Brokers that are none, and properties that librdkafka refuses. Without the extra properties cannot be asked about; that
    it is missing is said at the start."""
    from vigilog.ship.properties import check  # noqa: PLC0415 - only where something is shipped

    where = layer.places
    written = where.get(("kafka", "properties"))
    properties = [
        Property(name, value, where.get(("kafka", f"properties.{name}"), written))
        for name, value in settings.kafka.properties.items()
    ]
    brokers: Sequence[str] = settings.ship.brokers or settings.fleet.brokers or _ANY
    while True:
        try:
            check(Connection(brokers, properties, where.get(("ship", "brokers"))))
        except ConfigurationError as error:
            yield error
            left = [each for each in properties if each.place != error.place]
            if len(left) == len(properties):
                if brokers is _ANY:
                    return
                brokers = _ANY  # it was about the brokers
            properties = left
        except MissingExtra:
            return
        else:
            return
