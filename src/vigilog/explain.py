"""Why a line is reported, or is not: which rules match it, which of them decide, and if none matches, which comes closest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vigilog.check import rule_set
from vigilog.check.rule_set import RuleSet
from vigilog.config.settings import Settings
from vigilog.core.nouns import Heading, Rule
from vigilog.parse import syslog
from vigilog.patterns import block
from vigilog.patterns.closest import Nearness, closest
from vigilog.patterns.extract import fields

RAISING = ("attack", "violation")
"""The layers that report what they could not decide; all others leave it to be reported."""


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that matches the line (or may, where that could not be decided and its layer reports the line all the same): the
    layer it stands in, and the fields that it takes out of the line."""

    layer: str
    rule: Rule
    fields: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Explanation:
    """All about one line. `headings` is where it is reported (nowhere: it is ignored), `decided` the layer that said so;
    `nearest` is there only where no rule of the ignore layer matches."""

    line: bytes
    headings: tuple[Heading, ...]
    decided: str
    matches: tuple[Match, ...]
    fields: dict[str, bytes]
    nearest: Nearness | None


def explained(settings: Settings, lines: Iterable[bytes]) -> Iterable[Explanation]:
    """The explanation of each line (given without its newline). Raises RuleError for a rule file that cannot be read."""
    rules = rule_set.load(settings)
    for line in lines:
        yield explanation(rules, line)


def explanation(rules: RuleSet, line: bytes) -> Explanation:
    """The explanation of one line under `rules`."""
    matches = []
    for layer, database in rules.layers.items():
        seen = line if database.view == "raw" else line.rstrip(block.BLANKS)
        for index in database.matching(line, undecided=layer in RAISING):
            rule = database.rules[index]
            matches.append(Match(layer, rule, fields(rule, seen, caseless=database.caseless)))
    headings = tuple(rules.judge(line + b"\n").verdict)
    if any(heading.kind == "attack" for heading in headings):
        headings = tuple(heading for heading in headings if not heading.unless_attack)
    ignore = rules.layers.get("ignore")
    ignored = any(match.layer == "ignore" for match in matches)
    return Explanation(
        line,
        headings,
        decided(headings, [match.layer for match in matches]),
        tuple(matches),
        syslog.fields(line),
        None if ignored or ignore is None or matches else closest(ignore.rules, line.rstrip(block.BLANKS)),
    )


def decided(headings: tuple[Heading, ...], layers: list[str]) -> str:
    """The layer that decided: the one that reports the line, else the one that took it away; '' if no rule matches it."""
    if headings:
        kind = headings[0].kind
        return kind if kind in layers else ""
    for layer in ("attack ignore", "violation ignore", "ignore"):
        if layer in layers:
            return layer
    return layers[0] if layers else ""
