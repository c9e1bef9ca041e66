"""Rule files: TOML files with one or more `[[trigger]]`, each with its samples. Those that are shipped lie with `detect`."""

from __future__ import annotations

import os
from collections.abc import Mapping

from vigilog import detect
from vigilog.config import triggers
from vigilog.config.checked import shown
from vigilog.config.tables import head
from vigilog.config.toml_text import Document, read
from vigilog.config.trigger_checks import examined
from vigilog.config.triggers import Loaded
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place

DIRECTORY = os.path.join(os.path.dirname(detect.__file__), "trigger_rules")


def read_triggers(path: str) -> tuple[tuple[Loaded, ...], tuple[ConfigurationError, ...]]:
    """The triggers of a rule file, and every mistake in it in the order of its lines: in its syntax, in its keys, and in what
    each trigger says of itself (patterns, fields, key). Raises nothing: a file that cannot be read is a mistake."""
    try:
        document = read(path)
    except OSError as error:
        found = f"cannot be read: {error.strerror}"
        return (), (ConfigurationError(found, place=Place(path), expected="a readable TOML file"),)
    loaded, errors = as_written(document)
    own = [mistake for each in loaded for mistake in examined(each).mistakes]
    together = [*document.errors, *errors, *own]
    return loaded, tuple(sorted(together, key=lambda error: error.place.line or 0 if error.place else 0))


def as_written(document: Document) -> tuple[tuple[Loaded, ...], tuple[ConfigurationError, ...]]:
    """The triggers of a rule file, and what is wrong with how it is written: their patterns are not looked at."""
    loaded, errors = triggers.read(document)
    strangers = [
        ConfigurationError(f'"{name}" is {shown(content)}', place=document.place(name), expected=f"only {head('trigger')}")
        for name, content in document.content.items()
        if name != "trigger"
    ]
    return loaded, (*errors, *strangers)


def shipped(directory: str = DIRECTORY) -> Mapping[str, Loaded]:
    """The shipped rules by their names. Raises ConfigurationError for the first mistake in how they are written (whether their
    patterns can be used, tests know and whoever uses one finds out: parsing all of them takes a quarter of a second)."""
    rules: dict[str, Loaded] = {}
    for name in sorted(os.listdir(directory)):
        if not name.endswith(".toml"):
            continue
        document = read(os.path.join(directory, name))
        loaded, errors = as_written(document)
        errors = (*document.errors, *errors)
        for rule in loaded:
            if rule.trigger.name in rules:
                errors = (*errors, triggers.twice(rule, rules[rule.trigger.name]))
            rules[rule.trigger.name] = rule
        if errors:
            raise errors[0]
    return rules
