"""What is wrong with a trigger by itself: its patterns, and whether its fields and its key are what they take out of a line.

Loads the pattern languages, but no engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vigilog.config.checked import shown
from vigilog.config.objections import field
from vigilog.config.triggers import Loaded
from vigilog.core.errors import ConfigurationError, RuleError
from vigilog.core.nouns import Place
from vigilog.patterns.languages import LANGUAGES
from vigilog.patterns.syntax import Choice, Foreign, Group, Node, Repeat
from vigilog.patterns.syntax import Sequence as Parts


def mistakes(loaded: Loaded) -> tuple[ConfigurationError, ...]:
    """Everything that is wrong with a trigger whose keys are complete."""
    trigger = loaded.trigger
    errors: list[ConfigurationError] = []
    if not trigger.pattern and "pattern" not in loaded.places:
        errors.append(mistake(loaded, "name", f"trigger {shown(trigger.name)} has no pattern", "a pattern"))
    if trigger.program and trigger.language != "regex":
        found = f"program with patterns of the language {trigger.language}"
        errors.append(mistake(loaded, "program", found, 'language = "regex"'))
    for key in ("fields", "key"):
        listed = getattr(trigger, key)
        twice = sorted({name for name in listed if listed.count(name) > 1})
        errors += [mistake(loaded, key, f"the field {shown(name)} is there twice", "each name once") for name in twice]
    patterns, refused = parsed(loaded, "pattern", trigger.pattern)
    resets, refused_resets = parsed(loaded, "reset", trigger.reset)
    errors += [*refused, *refused_resets]
    if "fields" in loaded.places and not trigger.fields:  # they had a mistake, and anything said of them would be another
        return tuple(errors)
    for place, node in patterns:
        errors += against_fields(loaded, place, node)
        errors += without_key(loaded, place, node, trigger.key)
    needed = trigger.key or tuple(dict.fromkeys(name for _, node in patterns for name in names(node, trigger.fields)))
    for place, node in resets:
        errors += without_key(loaded, place, node, needed)
    return tuple(errors)


def parsed(loaded: Loaded, key: str, texts: Sequence[str]) -> tuple[list[tuple[Place, Node]], list[ConfigurationError]]:
    """The trees of the patterns under `key`, each with its place, and what is wrong with the others."""
    trees: list[tuple[Place, Node]] = []
    errors: list[ConfigurationError] = []
    for number, text in enumerate(texts):
        place = place_of(loaded, key, number)
        try:
            trees.append((place, LANGUAGES[loaded.trigger.language].parse(text.encode("utf-8", "surrogateescape"), place)))
        except RuleError as error:
            # The parser counts columns in the pattern, which is not where it stands in the file.
            found = error.found if text in error.found else f"{error.found} in {shown(text)}"
            errors.append(RuleError(found, place=place, expected=error.expected, remedy=error.remedy))
    return trees, errors


def place_of(loaded: Loaded, key: str, number: int) -> Place:
    """Where the entry `number` (from 0) of the list under `key` stands."""
    return loaded.places.get(f"{key}.{number}") or loaded.places.get(key) or loaded.place


def captures(node: Node) -> Iterator[Group]:
    """All captures in a tree."""
    match node:
        case Group(body=body):
            yield node
            yield from captures(body)
        case Parts(parts=nodes) | Choice(branches=nodes):
            for each in nodes:
                yield from captures(each)
        case Repeat(body=body) | Foreign(wider=body):
            yield from captures(body)


def names(node: Node, fields: Sequence[str]) -> tuple[str, ...]:
    """The fields that a pattern takes out of a line: its captures in the order of their opening, each by its own name, or by
    the next of `fields` if it has none; captures beyond those have no name."""
    left = iter(fields)
    groups = {group.index: group.name for group in captures(node)}
    found = (name or next(left, "") for _, name in sorted(groups.items()))
    return tuple(dict.fromkeys(filter(None, found)))


def against_fields(loaded: Loaded, place: Place, node: Node) -> Iterator[ConfigurationError]:
    """More names than captures, and captures with names that no field may have."""
    groups = {group.index: group.name for group in captures(node)}
    unnamed = sum(name is None for name in groups.values())
    wanted = len(loaded.trigger.fields)
    if wanted > unnamed:
        found = f"{wanted} fields, and the pattern takes {unnamed or 'none'} out of the line"
        yield mistake(loaded, "fields", found, "at most one name for each", place)
    for name in filter(None, groups.values()):
        if expected := field(name):
            yield ConfigurationError(f"the pattern names a field {shown(name)}", place=place, expected=expected)
        if name in loaded.trigger.fields:
            found = f"the field {shown(name)} is in the pattern and in fields"
            yield ConfigurationError(found, place=place, expected="each name once")


def without_key(loaded: Loaded, place: Place, node: Node, key: Sequence[str]) -> Iterator[ConfigurationError]:
    """Fields of the key that a pattern does not take out of the line."""
    there = names(node, loaded.trigger.fields)
    for name in key:
        if name not in there:
            expected = f"one of {', '.join(there)}" if there else "a pattern with fields"
            yield ConfigurationError(
                f"the pattern has no field {shown(name)}, which is in the key", place=place, expected=expected
            )


def mistake(loaded: Loaded, key: str, found: str, expected: str, place: Place | None = None) -> ConfigurationError:
    """A mistake at the key of a trigger, or at `place` if that key was not given."""
    return ConfigurationError(found, place=loaded.places.get(key) or place or loaded.place, expected=expected)
