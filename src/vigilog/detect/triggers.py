"""Triggers: patterns whose hits are counted. From a block of lines to what happened in it, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from vigilog.core.errors import RuleError
from vigilog.core.nouns import Rule
from vigilog.detect.program import message_at, message_of
from vigilog.detect.sessions import Sessions
from vigilog.detect.window import Key
from vigilog.parse import syslog
from vigilog.parse.stamps import stamp
from vigilog.patterns import block
from vigilog.patterns.compiling import compile_rules
from vigilog.patterns.confirm import Captures
from vigilog.patterns.database import Database
from vigilog.patterns.extract import Extractor, behind, extractor

OURS = b" vigilog["
"""What Vigilog says of a line must not be the next one: it would never end."""
LIVE_LIMIT = 3600.0
"""A stamp further than this (seconds) from a line's arrival is not believed: a wrong clock, or a forged one."""

LONGEST_VALUE = 1024
"""Bytes of a value in a key. Many keys are kept in memory, and no name and no address is longer."""

Moment = Callable[[bytes], float]
"""Gives the time of a line in seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """One trigger: any of `patterns` makes an event, any of `resets` clears its key, any of `follows` is one more event of the
    key that the same process had an event of shortly before (`sessions`). `fields` names the captures of a pattern
    in their order ('' or missing: it is not a field; empty: the names are in the pattern), `key` those that are counted
    together (empty: all of the first pattern); each pattern has all of them. `count` events `within` seconds (None: whenever)
    raise an alert, after which the key is counted on, or from nothing (`anew`), or raises no other until its events have
    stopped (`once`). `sources` are the names of its sources (empty: all). `fleet` says that whoever watches many hosts counts
    it."""

    name: str
    kind: str
    patterns: tuple[Rule, ...]
    resets: tuple[Rule, ...] = ()
    follows: tuple[Rule, ...] = ()
    fields: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    count: int = 1
    within: float | None = None
    anew: bool = False
    once: bool = False
    sources: frozenset[str] = frozenset()
    actions: tuple[str, ...] = ()
    fleet: bool = False


Sighting = tuple[int, int, int, float, Key | None]
"""A line that a pattern matches, before it is known what it counts for: where it begins and where it ends (without blanks)
among the lines that were looked at, the pattern's number among those that its source has, the line's time (seconds since the
epoch), and the key; None if it could not be decided whether the pattern matches. Plain: there are many, and some come from
another process."""

Occurrence = tuple[int, bool, Key, float, bytes, Rule]
"""A line that a trigger's pattern matched: the trigger's place in its set, whether it clears the key, the key, the event's
time (seconds since the epoch), the line, and the pattern."""


class _Owner(NamedTuple):
    trigger: int
    clears: bool
    take: Callable[[bytes], Captures | None]
    places: tuple[int, ...]
    """Where the key's values are among the captures."""
    rule: Rule
    remembers: bool
    """Its key is remembered for lines of the same process that follow."""
    follows: bool


@dataclass(frozen=True, slots=True)
class _Part:
    """The triggers that see a source, compiled: `owners[n]` is what rule n of the database belongs to."""

    database: Database
    owners: tuple[_Owner, ...]


class TriggerSet:
    """Triggers, ready to look at lines. Each source is scanned for its own triggers only.

    With `first_match` a line that one trigger matches is not shown to those after it. Raises RuleError for a pattern that
    cannot be used: nothing is skipped in silence.
    """

    def __init__(self, triggers: Sequence[Trigger], *, first_match: bool = False, cache_directory: str | None = None) -> None:
        self.triggers = tuple(triggers)
        self._first_match = first_match
        self._cache = cache_directory
        self._extractors: dict[Rule, Extractor] = {}
        self._parts: dict[tuple[int, ...], _Part] = {}
        self._by_source: dict[str, _Part] = {}
        self._fields: dict[tuple[int, bytes], tuple[str, ...]] = {}
        self._sessions = Sessions()
        self.undecided = [0] * len(self.triggers)
        """How many lines each trigger did not count because they could not be decided."""

    def prepare(self, sources: Iterable[str]) -> None:
        """Compiles what the sources of these names need."""
        for source in sources:
            self._part(source)

    def occurrences(self, source: str, lines: bytes, moment: Moment) -> Iterator[Occurrence]:
        """What the triggers find in `lines` (whole lines, each with its newline) of a source: by line, and for each line in
        the order of the triggers, each at most once."""
        return self.told(source, lines, self.sightings(source, lines, moment))

    def sightings(self, source: str, lines: bytes, moment: Moment) -> list[Sighting]:
        """The part of `occurrences` that depends on nothing but the lines: it can be done anywhere."""
        part = self._part(source)
        framed = block.frame(lines)
        owners, first_match = part.owners, self._first_match
        quoted = OURS in framed
        sightings: list[Sighting] = []
        sighted = sightings.append
        last_end, last_trigger, seen_end, start = 0, -1, 0, 0
        line, time, ours = b"", 0.0, False
        for end, index in part.database.hits(framed, undecided=True):
            number, _, take, places, _, _, follows = owners[index]
            if end == last_end and (first_match or number == last_trigger):
                continue
            if end != seen_end:
                seen_end = end
                start = framed.rfind(b"\n", 0, end - 1)
                line = framed[start + 1 : end - 1].rstrip(block.BLANKS)
                ours = quoted and OURS in line and syslog.fields(line).get("program") == b"vigilog"
                time = moment(line)
            if ours:
                continue
            found = take(line)
            if found is None:
                sighted((start, start + len(line), index, time, None))
                continue
            if follows:
                sighted((start, start + len(line), index, time, ()))
                continue
            key = (found[places[0]] or b"",) if len(places) == 1 else tuple([found[place] or b"" for place in places])
            if places and not any(key):
                continue
            if len(line) > LONGEST_VALUE:
                key = tuple(map(bounded, key))
            last_end, last_trigger = end, number
            sighted((start, start + len(line), index, time, key))
        return sightings

    def told(self, source: str, lines: bytes, sightings: Iterable[Sighting]) -> Iterator[Occurrence]:
        """What `sightings` of `lines` come to, after all that was seen before."""
        owners, first_match, sessions = self._part(source).owners, self._first_match, self._sessions
        last_start, last_trigger = -1, -1
        for start, end, index, time, key in sightings:
            number, clears, _, _, rule, remembers, follows = owners[index]
            if start == last_start and (first_match or number == last_trigger):
                continue
            if key is None:
                self.undecided[number] += 1
                continue
            line = lines[start:end]
            if follows:
                followed = sessions.key(number, line, time)
                if followed is None:
                    continue
                key = followed  # noqa: PLW2901 - such a line has none of its own
            if remembers:
                sessions.remember(number, line, time, key)
            last_start, last_trigger = start, number
            yield number, clears, key, time, line, rule

    def captures(self, rule: Rule, line: bytes) -> Captures:
        """What the captures of a pattern hold in a line that it matches."""
        return self._extractor(rule).take(line) or ()

    def remember(self, trigger: int, line: bytes, time: float, key: Key) -> None:
        """A line was an event of a trigger before (at seconds since the epoch): others of its process may follow."""
        if self.triggers[trigger].follows:
            self._sessions.remember(trigger, line, time, key)

    def fields(self, trigger: int, rule: Rule, found: Captures) -> dict[str, str]:
        """The fields that a trigger has in the captures of one of its patterns; bytes that are no UTF-8 become surrogates."""
        values = zip(self._names(trigger, rule), found, strict=False)
        return {name: value.decode("utf-8", "surrogateescape") for name, value in values if name and value is not None}

    def key_names(self, trigger: int) -> tuple[str, ...]:
        """The names of the values of a trigger's key, in order."""
        one = self.triggers[trigger]
        return one.key or tuple(dict.fromkeys(filter(None, self._names(trigger, one.patterns[0]))))

    def _part(self, source: str) -> _Part:
        part = self._by_source.get(source)
        if part is None:
            chosen = tuple(number for number, each in enumerate(self.triggers) if not each.sources or source in each.sources)
            part = self._parts.get(chosen) or self._compiled(chosen)
            self._parts[chosen] = self._by_source[source] = part
        return part

    def _compiled(self, chosen: Sequence[int]) -> _Part:
        rules: list[Rule] = []
        owners: list[_Owner] = []
        for number in chosen:
            one, wanted = self.triggers[number], self.key_names(number)
            for clears, some in ((False, one.patterns), (True, one.resets)):
                for rule in some:
                    made = self._extractor(rule)
                    places = key_places(one, wanted, made, rule)
                    owners.append(
                        _Owner(number, clears, made.take, places, rule, bool(one.follows) and not clears, follows=False)
                    )
                    rules.append(rule)
            for rule in one.follows:
                owners.append(_Owner(number, False, self._extractor(rule).take, (), rule, remembers=True, follows=True))
                rules.append(rule)
        database = compile_rules(rules, "stripped", cache_directory=self._cache)
        if database.refused:
            raise database.refused[0]
        return _Part(database, tuple(owners))

    def _names(self, trigger: int, rule: Rule) -> tuple[str, ...]:
        names = self._fields.get((trigger, rule.text))
        if names is None:
            names = self._fields[trigger, rule.text] = names_of(self.triggers[trigger], self._extractor(rule))
        return names

    def _extractor(self, rule: Rule) -> Extractor:
        made = self._extractors.get(rule)
        if made is None:
            made = extractor(rule)
            message = message_of(rule.text) if rule.language == "regex" else b""
            if message:
                made = behind(made, message, message_at)
            self._extractors[rule] = made
        return made


def bounded(value: bytes) -> bytes:
    """A value as it is counted: one that is too long is its beginning and a digest of all of it."""
    if len(value) <= LONGEST_VALUE:
        return value
    return b"%s... (%d bytes, SHA-256 %s)" % (value[:100], len(value), sha256(value).hexdigest().encode())


def names_of(trigger: Trigger, made: Extractor) -> tuple[str, ...]:
    """The names of a pattern's captures as fields, in their order; '' for one that is no field."""
    if trigger.fields:
        return trigger.fields[: len(made.names)]
    return tuple("" if name.isdecimal() else name for name in made.names)


def key_places(trigger: Trigger, wanted: Iterable[str], made: Extractor, rule: Rule) -> tuple[int, ...]:
    """Where a pattern's captures hold the `wanted` fields, the trigger's key. Raises RuleError if one is missing."""
    names = names_of(trigger, made)
    missing = [name for name in wanted if name not in names]
    if missing:
        there = ", ".join(filter(None, names)) or "none"
        raise RuleError(
            f'the pattern has no field "{missing[0]}", which is part of the key of trigger {trigger.name}',
            place=rule.place,
            expected=f"one of its fields: {there}",
            remedy="name a capture so, or leave it out of the key",
        )
    return tuple(names.index(name) for name in wanted)


def live(arrived: float) -> Moment:
    """The time of lines that arrived at a moment: what they say themselves, unless that is far from it."""

    def moment(line: bytes) -> float:
        found = stamp(line, arrived)
        return arrived if found is None or abs(found - arrived) > LIVE_LIMIT else found

    return moment
