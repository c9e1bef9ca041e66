"""What is known of a program's output, compiled: rules → the plain functions that `vigilog.blackbox` routes lines with."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from vigilog.blackbox.around_rules import DEFAULT_LEVEL, Key, Known, Matchers, Take
from vigilog.core.errors import RuleError
from vigilog.core.nouns import Rule
from vigilog.patterns import block, emit
from vigilog.patterns.compiling import compile_rules
from vigilog.patterns.confirm import tree_of
from vigilog.patterns.database import Database
from vigilog.patterns.extract import Extractor, extractor
from vigilog.patterns.gentle import LONGEST, gentle

MOST_KEYS = 1 << 15
HIDDEN = b"(hidden)"


class Passing(NamedTuple):
    """What goes into the ordinary log: lines up to the syslog `level` (-1: none, 8: all), those that one of `more` matches,
    and of all these none that one of `less` matches."""

    level: int = 8
    more: tuple[Rule, ...] = ()
    less: tuple[Rule, ...] = ()


def matchers(known: Known, passing: Passing) -> Matchers:
    """The compiled form. Raises RuleError for a pattern that cannot be used."""
    rules = tuple(said.rule for said in known.says)
    return Matchers(
        known.says,
        tuple(taken(rule) for rule in rules),
        hits(database(rules)),
        keys(known),
        level(known.levels),
        redact(known.secrets),
        passes(known.levels, passing),
    )


def database(rules: Iterable[Rule]) -> Database:
    """The rules, ready to scan. Raises RuleError."""
    made = compile_rules(rules, "stripped")
    if made.refused:
        raise made.refused[0]
    return made


def hits(rules: Database) -> Callable[[bytes], Sequence[tuple[int, int]]]:
    """See Matchers."""
    if not rules.rules:
        return lambda lines: ()  # noqa: ARG005 - nothing is looked for
    return lambda lines: [(end - block.FIRST_LINE, index) for end, index in rules.hits(block.frame(lines), undecided=False)]


def taken(rule: Rule) -> Take:
    """What takes a rule's named fields out of a line; those that took no part in the match are left out."""
    made = extractor(rule)
    named = [(place, name) for place, name in enumerate(made.names) if not name.isdecimal()]

    def take(line: bytes) -> Mapping[str, bytes]:
        found = made.take(line.rstrip(block.BLANKS)) if named else None
        return {name: value for place, name in named if (value := found[place]) is not None} if found else {}

    return take


def keys(known: Known) -> Callable[[list[bytes]], Sequence[Key]]:
    """See Matchers. Remembers, where lines are continued, whose the last one was."""
    if known.by != "line":
        return lambda lines: [None] * len(lines)
    finders = [finder(rule) for rule in known.session]
    last: Key = None

    def find(lines: list[bytes]) -> Sequence[Key]:
        nonlocal last
        found = finders[0](lines)
        for other in finders[1:]:
            missing = [place for place, key in enumerate(found) if key is NOBODY]
            if not missing:
                break
            for place, key in zip(missing, other([lines[place] for place in missing]), strict=True):
                found[place] = key
        if NOBODY in found:
            for place, key in enumerate(found):
                if key is NOBODY:
                    found[place] = (last if place == 0 else found[place - 1]) if known.continued else None
        last = found[-1] if found else last
        return found

    return find


NOBODY: Key = (b"", -1)
"""Stands for the key of a line that the pattern does not match."""


def finder(rule: Rule) -> Callable[[list[bytes]], list[Key]]:
    """Finds the keys of lines by one pattern. Short lines go through Python's `re` where it is fast on any line."""
    made = extractor(rule)
    key_of = key_maker(rule, made)
    tree = tree_of(rule, caseless=False)
    search = re.compile(emit.expression(tree, "re").encode("ascii")).search if gentle(tree) else None

    def find(lines: list[bytes]) -> list[Key]:
        if search and (not lines or max(map(len, lines)) <= LONGEST):
            return [key_of(found.groups()) if found else NOBODY for found in map(search, lines)]
        return [key_of(groups) if (groups := made.take(line)) else NOBODY for line in lines]

    return find


def key_maker(rule: Rule, made: Extractor) -> Callable[[tuple[bytes | None, ...]], Key]:
    """Makes a key out of what a pattern's captures hold. Raises RuleError if there is neither `session` nor `process`."""
    session = made.names.index("session") if "session" in made.names else -1
    process = made.names.index("process") if "process" in made.names else -1
    if session < 0 and process < 0:
        raise RuleError("the pattern of a session has no field for it", place=rule.place, expected="(?P<session>...)")
    known: dict[tuple[bytes | None, ...], Key] = {}

    def key_of(groups: tuple[bytes | None, ...]) -> Key:
        try:
            return known[groups]
        except KeyError:
            if len(known) >= MOST_KEYS:
                known.clear()
        number = groups[process] if process >= 0 else None
        name = groups[session] if session >= 0 else number
        lives_in = int(number) if number and number.isdigit() and len(number) < 11 else 0
        known[groups] = made_key = (name, lives_in) if name else None
        return made_key

    return key_of


def level(levels: tuple[tuple[int, Rule], ...]) -> Callable[[bytes], int]:
    """See Matchers."""
    ordered = [(number, extractor(rule)) for number, rule in sorted(levels, key=lambda each: each[0])]

    def of(line: bytes) -> int:
        bare = line.rstrip(block.BLANKS)
        return next((number for number, made in ordered if made.take(bare) is not None), DEFAULT_LEVEL)

    return of


def redact(secrets: tuple[Rule, ...]) -> Callable[[bytes], bytes]:
    """See Matchers."""
    takes = [taken(rule) for rule in secrets]

    def redacted(line: bytes) -> bytes:
        for take in takes:
            for value in take(line).values():
                if value:
                    line = line.replace(value, HIDDEN)
        return line

    return redacted


def passes(levels: tuple[tuple[int, Rule], ...], passing: Passing) -> Callable[[bytes], bytes] | None:
    """See Matchers."""
    if passing.level > 7 and not passing.less:
        return None
    up_to = tuple(rule for number, rule in levels if number <= passing.level)
    wanted = database((*up_to, *passing.more))
    less = database(passing.less)
    if passing.level < DEFAULT_LEVEL:
        if not wanted.rules:
            return lambda lines: b""  # noqa: ARG005 - nothing is passed on

        def only(lines: bytes) -> bytes:
            framed = block.frame(lines)
            named = set(wanted.line_ends(framed))
            if less.rules and named:
                named -= less.line_ends(framed)
            return block.lines_at(framed, sorted(named))

        return only
    detailed = database(rule for number, rule in levels if number > passing.level)

    def all_but(lines: bytes) -> bytes:
        framed = block.frame(lines)
        held = detailed.offsets(framed)
        if held and wanted.rules and (spared := wanted.line_ends(framed)):
            held = [end for end in held if end not in spared]
        if less.rules:
            held += less.offsets(framed)
        return block.other_lines(framed, held)[0] if held else lines

    return all_but
