"""`[[ship.stream]]`, read from a TOML document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vigilog.config.entries import entry
from vigilog.config.ship_settings import Stream
from vigilog.config.toml_text import Document
from vigilog.config.triggers import tables
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place


@dataclass(frozen=True, slots=True)
class LoadedStream:
    """A stream as a file has it: `place` is where its table begins, `places` where each key stands that was given, and each
    entry of a list as `sources.0`. What was not given, or had a mistake, has its default in `stream`."""

    stream: Stream
    place: Place
    places: Mapping[str, Place]

    def place_of(self, key: str) -> Place:
        """Where a key, or an entry of a list such as `sources.0`, stands; the whole table where the key was not given."""
        return self.places.get(key) or self.places.get(key.partition(".")[0]) or self.place


def read(document: Document) -> tuple[tuple[LoadedStream, ...], tuple[ConfigurationError, ...]]:
    """The streams of a document, in their order, and every mistake in how they are written. One that does not say what it
    ships is left out."""
    ship = document.content.get("ship")
    content = ship.get("stream", []) if isinstance(ship, dict) else []
    errors: list[ConfigurationError] = []
    found: list[LoadedStream] = []
    for number, table in enumerate(tables(content, document, "stream", errors, "ship", "stream")):
        place = document.place("ship", "stream", number)
        read = entry("stream", table, document, "ship", "stream", number)
        errors += read.errors
        if "what" in read.values:
            values: dict[str, Any] = dict(read.values)
            found.append(LoadedStream(Stream(**values), place, read.places))
        elif "what" not in read.places:
            errors.append(ConfigurationError("a stream without what is shipped", place=place, expected="the key what"))
    return tuple(found), tuple(errors)
