"""Why a line is counted by a trigger of `vigilog run`, or is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vigilog.core.nouns import Rule
from vigilog.detect.triggers import Trigger, TriggerSet
from vigilog.patterns import block
from vigilog.patterns.closest import Nearness, closest

_ANY = "any"


@dataclass(frozen=True, slots=True)
class Counts:
    """A trigger counts the line: by which of its patterns (from 1), under which key, with which fields; or, if it `clears`, it
    forgets the key. `pattern` is as the configuration has it, `rule` as whole lines are searched for it."""

    trigger: Trigger
    clears: bool
    pattern: int
    rule: Rule
    key: tuple[str, ...]
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Nearest:
    """The trigger whose pattern comes closest to a line that none counts, and how near it comes."""

    trigger: Trigger
    nearness: Nearness


class Explainer:
    """Explains lines by `triggers`, each of which is asked about every line, whatever its sources."""

    def __init__(self, triggers: Sequence[Trigger], cache_directory: str | None) -> None:
        self._set = TriggerSet(triggers, cache_directory=cache_directory)
        self._set.prepare([_ANY])

    def counts(self, line: bytes) -> list[Counts]:
        """The triggers that count a line (without its newline), in their order. Raises RuleError."""
        found = []
        for place, clears, key, _, counted, rule in self._set.occurrences(_ANY, line + b"\n", lambda _: 0.0):
            trigger = self._set.triggers[place]
            number = (trigger.resets if clears else (*trigger.patterns, *trigger.follows)).index(rule) + 1
            values = tuple(value.decode("utf-8", "surrogateescape") for value in key)
            fields = self._set.fields(place, rule, self._set.captures(rule, counted))
            found.append(Counts(trigger, clears, number, rule, values, fields))
        return found

    def nearest(self, line: bytes) -> Nearest | None:
        """What comes closest to a line that no trigger counts; None if nothing agrees with a byte of it."""
        owners = {rule: trigger for trigger in self._set.triggers for rule in trigger.patterns}
        near = closest(owners, line.rstrip(block.BLANKS))
        return Nearest(owners[near.rule], near) if near else None
