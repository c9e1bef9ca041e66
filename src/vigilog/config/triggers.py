"""`[[trigger]]` with its `[[trigger.sample]]` tables, read from a TOML document: in vigilog.toml, and in rule files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vigilog.config.checked import shown
from vigilog.config.entries import entry
from vigilog.config.run_settings import Sample, Trigger
from vigilog.config.tables import head
from vigilog.config.toml_text import Document
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place


@dataclass(frozen=True, slots=True)
class Loaded:
    """A trigger as a file has it: `place` is where its table begins, `places` where each key stands that was given, and each
    entry of a list as `pattern.0`. What was not given, or had a mistake, has its default in `trigger`."""

    trigger: Trigger
    samples: tuple[Sample, ...]
    place: Place
    places: Mapping[str, Place]


def read(document: Document) -> tuple[tuple[Loaded, ...], tuple[ConfigurationError, ...]]:
    """The triggers of a document, in their order, and every mistake in how they are written. A trigger without a name has that
    of its `rule`; without either it is left out, and so is the second of a name."""
    content = document.content.get("trigger", [])
    errors: list[ConfigurationError] = []
    found: dict[str, Loaded] = {}
    for number, table in enumerate(tables(content, document, "trigger", errors, "trigger")):
        place = document.place("trigger", number)
        samples = read_samples(table.pop("sample", []), document, errors, "trigger", number, "sample")
        read = entry("trigger", table, document, "trigger", number)
        errors += read.errors
        values: dict[str, Any] = {"name": read.values.get("rule"), **read.values}
        if values["name"] is None:
            if "name" not in read.places and "rule" not in read.places:
                errors.append(ConfigurationError("a trigger without a name", place=place, expected="the key name"))
            continue
        loaded = Loaded(Trigger(**values), samples, place, read.places)
        if earlier := found.get(loaded.trigger.name):
            errors.append(twice(loaded, earlier))
        else:
            found[loaded.trigger.name] = loaded
    return tuple(found.values()), tuple(errors)


def read_samples(content: object, document: Document, errors: list[ConfigurationError], *path: str | int) -> tuple[Sample, ...]:
    """The samples of the trigger at `path`; mistakes go into `errors`."""
    samples = []
    for number, table in enumerate(tables(content, document, "sample", errors, *path)):
        read = entry("sample", table, document, *path, number)
        errors += read.errors
        if "line" in read.values:
            values: dict[str, Any] = dict(read.values)
            samples.append(Sample(**values))
        elif "line" not in read.places:
            place = document.place(*path, number)
            errors.append(ConfigurationError("a sample without a line", place=place, expected="the key line"))
    return tuple(samples)


def tables(
    content: object, document: Document, word: str, errors: list[ConfigurationError], *path: str | int
) -> list[dict[str, object]]:
    """The tables of an array of tables, or none of them where it is something else, which is a mistake."""
    if isinstance(content, list) and all(isinstance(table, dict) for table in content):
        return [dict(table) for table in content]
    remedy = f"write {head(word)} on a line of its own"
    found = f"{word} is {shown(content)}"
    errors.append(ConfigurationError(found, place=document.place(*path), expected="an array of tables", remedy=remedy))
    return []


def twice(loaded: Loaded, earlier: Loaded) -> ConfigurationError:
    """Two triggers of one name in one file."""
    found = f"a second trigger {shown(loaded.trigger.name)}; the first is in line {earlier.place.line}"
    place = loaded.places.get("name", loaded.place)
    return ConfigurationError(found, place=place, expected="each name once", remedy="give this one another name")
