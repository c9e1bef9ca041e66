"""What is wrong with a trigger by itself: its patterns, and whether its fields and its key are what they take out of a line.

Loads the pattern languages, but no engine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vigilog.config.checked import shown
from vigilog.config.run_objections import field
from vigilog.config.run_settings import Trigger
from vigilog.config.triggers import Loaded
from vigilog.core.errors import ConfigurationError, RuleError
from vigilog.core.nouns import Place
from vigilog.detect.program import with_program
from vigilog.patterns.languages import LANGUAGES
from vigilog.patterns.syntax import Assertion, BackReference, Foreign, Group, Node, walk

VOLATILE = {"pid", "port", "source_port"}
"""Fields that are another from line to line, by their names."""

CODE = re.compile(r"%%|\[%[diu]\]|%.", re.DOTALL)
"""The format codes of a scanf pattern, those in brackets, as a process has its number, with these."""


@dataclass(frozen=True, slots=True)
class Examined:
    """A trigger held against its own patterns: everything that is wrong with it, all fields that any pattern takes out of a
    line, and those that are counted together: its key, or else all fields of its first pattern. `slow` are the places of
    patterns that only a backtracking engine can hold."""

    loaded: Loaded
    mistakes: tuple[ConfigurationError, ...]
    fields: frozenset[str]
    key: tuple[str, ...]
    slow: tuple[Place, ...]


def examined(loaded: Loaded) -> Examined:
    """Examines a trigger whose keys are complete."""
    trigger = loaded.trigger
    errors: list[ConfigurationError] = []
    if not trigger.pattern and "pattern" not in loaded.places:
        errors.append(mistake(loaded, "name", f"trigger {shown(trigger.name)} has no pattern", "a pattern"))
    if trigger.program and trigger.language != "regex":
        found = f"program with patterns of the language {trigger.language}"
        errors.append(mistake(loaded, "program", found, 'language = "regex"'))
    for where, listed in (("fields", trigger.fields), ("key", trigger.key)):
        twice = sorted({name for name in listed if name and listed.count(name) > 1})
        errors += [mistake(loaded, where, f"the field {shown(name)} is there twice", "each name once") for name in twice]
    patterns, refused = parsed(loaded, "pattern", trigger.pattern)
    resets, refused_resets = parsed(loaded, "reset", trigger.reset)
    follows, refused_follows = parsed(loaded, "follow", trigger.follow)
    errors += [*refused, *refused_resets, *refused_follows]
    fields = [names(node, trigger.fields) for _, node in patterns]
    key = trigger.key or next(iter(fields), ())
    if "fields" not in loaded.places or trigger.fields:  # else they had a mistake, and anything said of them would be another
        for place, node in patterns:
            errors += against_fields(loaded, place, node)
        for place, node in (*patterns, *resets):
            errors += without_key(loaded, place, node, key)
    slow = tuple(place for place, node in (*patterns, *resets, *follows) if any(map(backtracks, walk(node))))
    return Examined(loaded, tuple(errors), frozenset(name for each in fields for name in each), key, slow)


def parsed(loaded: Loaded, key: str, texts: Sequence[str]) -> tuple[list[tuple[Place, Node]], list[ConfigurationError]]:
    """The trees of the patterns under `key`, each with its place, and what is wrong with the others."""
    trees: list[tuple[Place, Node]] = []
    errors: list[ConfigurationError] = []
    for number, text in enumerate(texts):
        place = place_of(loaded, key, number)
        try:
            trees.append((place, tree(loaded.trigger, text.encode("utf-8", "surrogateescape"))))
        except RuleError as error:
            # The parser counts columns in the pattern, which is not where it stands in the file.
            found = error.found if text in error.found else f"{error.found} in {shown(text)}"
            errors.append(RuleError(found, place=place, expected=error.expected, remedy=error.remedy))
    return trees, errors


def tree(trigger: Trigger, text: bytes) -> Node:
    """The tree of a pattern of a trigger. Raises RuleError, also for what cannot be about the message of a program."""
    try:
        parsed = LANGUAGES[trigger.language].parse(text, None)
        if trigger.program and trigger.language == "regex":
            with_program(text, trigger.program)
    except RecursionError as error:
        raise RuleError("a pattern nested too deeply", expected="fewer levels") from error
    return parsed


def place_of(loaded: Loaded, key: str, number: int) -> Place:
    """Where the entry `number` (from 0) of the list under `key` stands."""
    return loaded.places.get(f"{key}.{number}") or loaded.places.get(key) or loaded.place


def captures(node: Node) -> dict[int, str]:
    """The captures in a tree by their numbers, in the order of their opening: their names, '' where they have none."""
    found = {each.index: each.name or "" for each in walk(node) if isinstance(each, Group)}
    return dict(sorted(found.items()))


def names(node: Node, fields: Sequence[str]) -> tuple[str, ...]:
    """The fields that a pattern takes out of a line, in the order of its captures: those of `fields` if there are any, else by
    their own names. Captures without a name are none."""
    own = list(captures(node).values())
    return tuple(dict.fromkeys(filter(None, fields[: len(own)] if fields else own)))


def against_fields(loaded: Loaded, place: Place, node: Node) -> Iterator[ConfigurationError]:
    """More names than captures, names in two places, and captures with names that no field may have."""
    groups = captures(node)
    wanted = len(loaded.trigger.fields)
    if wanted > len(groups):
        found = f"{wanted} fields, and the pattern takes {len(groups) or 'none'} out of the line"
        yield mistake(loaded, "fields", found, "at most one name for each", place)
    for name in filter(None, groups.values()):
        if wanted:
            found = f"fields, and the pattern names a field {shown(name)} itself"
            yield mistake(loaded, "fields", found, "names in one of the two", place)
        elif expected := field(name):
            yield ConfigurationError(f"the pattern names a field {shown(name)}", place=place, expected=expected)


def without_key(loaded: Loaded, place: Place, node: Node, key: Sequence[str]) -> Iterator[ConfigurationError]:
    """Fields of the key that a pattern does not take out of the line."""
    there = names(node, loaded.trigger.fields)
    expected = f"one of {', '.join(there)}" if there else "a pattern with fields"
    remedy = "" if loaded.trigger.key else "without `key` it is all fields of the first pattern: name those that all have"
    for name in key:
        if name not in there:
            found = f"the pattern has no field {shown(name)}, which is in the key"
            yield ConfigurationError(found, place=place, expected=expected, remedy=remedy)


def splits(each: Examined) -> Iterator[ConfigurationError]:
    """Remarks on what is counted together: numbers of processes and ports, which differ from line to line."""
    loaded, trigger = each.loaded, each.loaded.trigger
    if trigger.count == 1:
        return
    inner = set()
    if trigger.language == "scanf" and trigger.pattern:
        codes = [code for code in CODE.findall(trigger.pattern[0]) if code != "%%"]
        inner = {name for name, code in zip(trigger.fields, codes, strict=False) if code.startswith("[")}
    for name in each.key:
        if name in inner or name in VOLATILE:
            found = f"{shown(name)} is counted as part of the key, so that lines of different {name} do not add up"
            place = loaded.places.get("key") or loaded.places.get("fields") or loaded.place
            yield ConfigurationError(found, place=place, remedy="write - in its place in fields, or name the key")


def backtracks(node: Node) -> bool:
    """Whether only a backtracking engine knows what this part of a pattern means."""
    return isinstance(node, Foreign | BackReference) or (
        isinstance(node, Assertion) and node.kind in ("word start", "word end")
    )


def undecided(each: Examined) -> Iterator[ConfigurationError]:
    """Remarks on patterns that a line can be written against, so that it, or those after it, are not counted."""
    for place in each.slow:
        yield ConfigurationError(
            "a pattern with back-references, look-around or the like: lines over 4 KiB are not counted, and none at all after "
            "three that were made to take it too long",
            place=place,
            remedy="write it without them",
        )


def mistake(loaded: Loaded, key: str, found: str, expected: str, place: Place | None = None) -> ConfigurationError:
    """A mistake at the key of a trigger, or at `place` if that key was not given."""
    return ConfigurationError(found, place=loaded.places.get(key) or place or loaded.place, expected=expected)
