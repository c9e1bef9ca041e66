"""Rule files of `vigilog blackbox run`: what a program's output looks like, in TOML. Shipped ones lie with `blackbox`.

description = "..."          what for
sessions = "line"            what tells sessions apart: line, process, program
session = ['...']            for line: patterns with the field `session` or `process`
begin, same, fields, died, end = ['...']
criteria = { "FAILED LOGIN" = ['...'] }
levels = { debug = ['...'] }
pass = "info"                up to which level lines go into the ordinary log; none, all
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any, get_args

from vigilog import blackbox
from vigilog.blackbox.around_rules import By, Known, Said, What
from vigilog.config.checked import shown, suggestion
from vigilog.config.durations import seconds
from vigilog.config.toml_text import Document, document, read
from vigilog.core.errors import ConfigurationError, VigilogError
from vigilog.core.nouns import Place, Rule

DIRECTORY = os.path.join(os.path.dirname(blackbox.__file__), "around_presets")
LEVELS = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
"""syslog's levels by name, from 0 to 7."""
PASSES = {"none": -1, **{name: number for number, name in enumerate(LEVELS)}, "all": 8}
PATTERNS: tuple[What, ...] = ("begin", "same", "fields", "died", "end")
TEXTS = ("description", "protocol")
FLAGS = ("stamped", "continued")
KEYS = ("description", "sessions", "session", *PATTERNS, "criteria", "levels", "secrets", "pass", "protocol", *FLAGS, "idle")


def shipped() -> list[str]:
    """The names of the rule files that are shipped."""
    return sorted(name[:-5] for name in os.listdir(DIRECTORY) if name.endswith(".toml"))


def known(name: str) -> Known:
    """What a shipped rule file says (by its name), or one of the user's own (by its path, with a / in it).

    Raises ConfigurationError, or a group of all that is wrong.
    """
    path = name if "/" in name else os.path.join(DIRECTORY, f"{name}.toml")
    if "/" not in name and name not in shipped():
        there = ", ".join(shipped())
        remedy = suggestion(name, shipped()) or "a file of your own has a / in its name: ./my.toml"
        raise ConfigurationError(f"there are no rules for {shown(name)}", expected=f"one of {there}", remedy=remedy)
    try:
        return judged(read(path), os.path.splitext(os.path.basename(path))[0])
    except OSError as error:
        expected = "a readable TOML file"
        raise ConfigurationError(f"cannot be read: {error.strerror}", place=Place(path), expected=expected) from error


def text(content: str, file: str) -> Known:
    """The rules in a TOML text; `file` is the name its places have. Raises as `known` does."""
    return judged(document(content, file), os.path.splitext(os.path.basename(file))[0])


def judged(found: Document, name: str) -> Known:
    """What a document says. Raises a group of everything that is wrong with it."""
    reading = _Reading(found)
    made = reading.known(name)
    errors: list[VigilogError] = [*found.errors, *reading.errors]
    if errors:
        errors.sort(key=lambda error: error.place.line or 0 if error.place else 0)
        raise ExceptionGroup("mistakes in a rule file", errors)
    return made


def criterion(kind: str, rule: Rule) -> Said:
    """One more reason for a block."""
    return Said("criterion", rule, kind)


class _Reading:
    """A document on its way to Known; `errors` are its mistakes."""

    def __init__(self, found: Document) -> None:
        self.document = found
        self.errors: list[ConfigurationError] = []

    def known(self, name: str) -> Known:
        content = self.document.content
        for key in content:
            if key not in KEYS:
                self.wrong(f"unknown key {shown(key)}", f"one of {', '.join(KEYS)}", key, remedy=suggestion(key, list(KEYS)))
        session = tuple(rule for rule, _ in self.rules("session"))
        by = self.one("sessions", "program", lambda value: value in get_args(By), " or ".join(get_args(By)))
        if (by == "line") != bool(session):
            self.wrong("patterns for sessions, or none", 'session = [...] if and only if sessions = "line"', "session")
        says = [Said(what, rule) for what in PATTERNS for rule, _ in self.rules(what)]
        says += [Said("criterion", rule, kind.upper()) for rule, kind in self.rules("criteria", table=True)]
        order = get_args(What)
        says.sort(key=lambda said: order.index(said.what))
        levels = [(rule, word) for rule, word in self.rules("levels", table=True)]
        for _, word in levels:
            if word not in LEVELS:
                self.wrong(f"a level {shown(word)}", f"one of {', '.join(LEVELS)}", "levels", word)
        passed = self.one("pass", "all", lambda value: value in PASSES, f"one of {', '.join(PASSES)}")
        idle = self.one("idle", "15m", lambda value: isinstance(value, str) and seconds(value) is not None, 'such as "15m"')
        texts = {key: self.one(key, "", lambda value: isinstance(value, str), "a text") for key in TEXTS}
        flags = {key: self.one(key, False, lambda value: isinstance(value, bool), "true or false") for key in FLAGS}
        return Known(
            name=name,
            by=by,
            session=session,
            says=tuple(says),
            levels=tuple((LEVELS.index(word), rule) for rule, word in levels if word in LEVELS),
            passed=PASSES[passed],
            idle=seconds(idle) or 0.0,
            secrets=tuple(rule for rule, _ in self.rules("secrets")),
            protocol=texts["protocol"],
            description=texts["description"],
            stamped=flags["stamped"],
            continued=flags["continued"],
        )

    def one(self, key: str, default: Any, holds: Callable[[object], bool], expected: str) -> Any:
        """The value of a key that has one; its default where there is none, or a wrong one."""
        value = self.document.content.get(key, default)
        if isinstance(value, (str, bool)) and holds(value):
            return value
        self.wrong(f"{key} is {shown(value)}", expected, key)
        return default

    def rules(self, key: str, *, table: bool = False) -> Iterator[tuple[Rule, str]]:
        """The patterns under a key, or under each key of the table that stands there, with that key."""
        content = self.document.content.get(key, {} if table else [])
        if table and isinstance(content, dict):
            for word, inner in content.items():
                yield from self.patterns(inner, word, key, word)
        elif table:
            self.wrong(f"{key} is {shown(content)}", "a table", key)
        else:
            yield from self.patterns(content, key, key)

    def patterns(self, content: object, word: str, *path: str) -> Iterator[tuple[Rule, str]]:
        """The patterns at a path of the document: a text, or a list of them."""
        found = [content] if isinstance(content, str) else content
        if not isinstance(found, list) or not all(isinstance(each, str) and each for each in found):
            self.wrong(f"{'.'.join(path)} is {shown(content)}", "patterns: texts in a list", *path)
            return
        for number, each in enumerate(found):
            place = self.document.place(*path, number) if isinstance(content, list) else self.document.place(*path)
            yield pattern(each, word, place), word

    def wrong(self, found: str, expected: str, *path: str, remedy: str = "") -> None:
        self.errors.append(ConfigurationError(found, place=self.document.place(*path), expected=expected, remedy=remedy))


def pattern(text: str, kind: str, place: Place) -> Rule:
    """A regular expression as a rule."""
    return Rule(kind, kind, "regex", text.encode("utf-8", "surrogateescape"), place)
