"""vigilog.toml and its drop-ins: every mistake at once, each with its file, its line and what to do. Format: TOML 1.0.0."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from vigilog.config.checked import shown, suggestion
from vigilog.config.layer import Key, Layer, Value, laid, settled
from vigilog.config.settings import Settings
from vigilog.config.tables import PLAIN, head, keys_of
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place

if TYPE_CHECKING:
    from vigilog.config.toml_text import Document

DEFAULT = "/etc/vigilog/vigilog.toml"
REPEATED = ("trigger", "action")
"""The tables of which there may be many."""
ROOTS = tuple(name for name in PLAIN if head(name) == f"[{name}]")
"""The tables of which there is one each, below no other."""

ACTION_NAME = r"[A-Za-z0-9_-]+"


def read_settings(path: str) -> tuple[Settings, tuple[ConfigurationError, ...]]:
    """What `path` and its drop-ins amount to, without what is wrong, and all that is wrong, in the order of the files."""
    layer = read(path)
    return settled(layer), layer.errors


def read(path: str, *, required: bool = True) -> Layer:
    """The file at `path`, then its drop-ins in the order of their names; a later file wins key by key.

    The drop-ins of NAME.toml are NAME.d/*.toml beside it. A missing `path` is a mistake only where it is `required`.
    """
    layers = [] if not required and not os.path.lexists(path) else [read_file(path)]
    directory = os.path.splitext(path)[0] + ".d"
    try:
        names = sorted(os.listdir(directory))
    except (FileNotFoundError, NotADirectoryError):
        names = []
    except OSError as error:
        layers.append(Layer(errors=(unreadable(directory, error),)))
        names = []
    layers += [read_file(os.path.join(directory, name)) for name in names if name.endswith(".toml") and name[0] != "."]
    return laid(layers)


def read_file(path: str) -> Layer:
    """One file, by itself."""
    from vigilog.config import toml_text  # noqa: PLC0415 - most hosts have no such file, and starting must be quick

    try:
        return layer(toml_text.read(path))
    except OSError as error:
        return Layer(errors=(unreadable(path, error),))


def unreadable(path: str, error: OSError) -> ConfigurationError:
    """`path` cannot be read, and why."""
    remedy = "run as a user who may read it" if isinstance(error, PermissionError) else "name a file that exists with --config"
    return ConfigurationError(
        f"cannot be read: {error.strerror}", place=Place(path), expected="a readable TOML file", remedy=remedy
    )


def read_text(text: str, file: str) -> Layer:
    """A TOML text; `file` is the name its places have."""
    from vigilog.config.toml_text import document  # noqa: PLC0415 - as above

    return layer(document(text, file))


def layer(document: Document) -> Layer:
    """What a document says, and its mistakes in the order of its lines."""
    from vigilog.config import ship_streams, triggers  # noqa: PLC0415 - as above
    from vigilog.config.entries import entry  # noqa: PLC0415 - as above

    errors = list(document.errors)
    values: dict[Key, Value] = {}
    places: dict[Key, Place] = {}
    for name, path, content in tables(document, errors):
        found = entry(name, content, document, *path)
        errors += found.errors
        values |= {(name, key): value for key, value in found.values.items()}
        places |= {(name, key): place for key, place in found.places.items()}
        places[name, ""] = document.place(*path)
    loaded, mistakes = triggers.read(document)
    streams, faults = ship_streams.read(document)
    errors = sorted([*errors, *mistakes, *faults], key=lambda error: error.place.line or 0 if error.place else 0)
    return Layer(values, places, tuple(errors), triggers={each.trigger.name: each for each in loaded}, streams=streams)


def tables(document: Document, errors: list[ConfigurationError]) -> Iterator[tuple[str, tuple[str, ...], dict[str, object]]]:
    """Each table but triggers and streams: as a `Key` has it, its path, and its content. What is in no table goes into
    `errors`."""
    for word, content in document.content.items():
        place = document.place(word)
        if word == "action" and isinstance(content, dict):
            for name, inner in content.items():
                if isinstance(inner, dict) and re.fullmatch(ACTION_NAME, name):
                    yield f"action.{name}", (word, name), inner
                else:
                    errors.append(no_action(name, inner, document.place(word, name)))
        elif word == "ship" and isinstance(content, dict):
            yield word, (word,), {key: value for key, value in content.items() if key not in ("kafka", "stream")}
            if isinstance(kafka := content.get("kafka", {}), dict):
                yield "kafka", (word, "kafka"), kafka
            else:
                errors.append(misplaced("kafka", kafka, document.place(word, "kafka")))
        elif word in ROOTS and isinstance(content, dict):
            yield word, (word,), content
        elif word != "trigger":
            errors.append(misplaced(word, content, place))


def no_action(name: str, content: object, place: Place) -> ConfigurationError:
    """Something below `action` that is not a table with a name of ours."""
    if isinstance(content, dict):
        found = f"an action called {shown(name)}"
        return ConfigurationError(found, place=place, expected="a name made of letters, digits, - and _")
    remedy = "write [action.NAME] above it, with a name of your own"
    return ConfigurationError(f'key "{name}" is in no action', place=place, expected="[action.NAME]", remedy=remedy)


def misplaced(word: str, value: object, place: Place) -> ConfigurationError:
    """Something at the root that is not a table of ours."""
    if word in (*PLAIN, *REPEATED):
        remedy = f"write {head(word)} on a line of its own"
        return ConfigurationError(f"{word} is {shown(value)}", place=place, expected="a table", remedy=remedy)
    known = "one of " + ", ".join(map(head, (*ROOTS, *REPEATED)))
    if not isinstance(value, dict):
        homes = [head(name) for name in (*PLAIN, "stream", *REPEATED) if word in keys_of(name)]
        remedy = f"move it below {' or '.join(homes)}" if homes else ""
        return ConfigurationError(f'key "{word}" is in no table', place=place, expected=known, remedy=remedy)
    remedy = suggestion(word, [*ROOTS, *REPEATED])
    return ConfigurationError(f"unknown table [{word}]", place=place, expected=known, remedy=remedy)
