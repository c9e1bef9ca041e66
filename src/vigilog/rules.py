"""Rules for triggers, shipped and of this host's own: what there is, whether samples hold, whether rules can be fooled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from vigilog.config import toml
from vigilog.config.checked import shown
from vigilog.config.choose_run import completed
from vigilog.config.logtrigger import read_logtrigger
from vigilog.config.run_settings import Sample
from vigilog.config.toml_text import read
from vigilog.config.trigger_checks import examined
from vigilog.config.trigger_files import read_triggers, shipped
from vigilog.config.triggers import Loaded
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place
from vigilog.detect.forgery import Audit, audited
from vigilog.detect.triggers import TriggerSet
from vigilog.run.plan import made


@dataclass(frozen=True, slots=True)
class Failure:
    """A sample that does not hold: where it stands, its line, what it says, and what came of it."""

    place: Place
    line: str
    expected: str
    found: str


def chosen(wanted: Sequence[str], config: str | None = None, logtrigger: str | None = None) -> tuple[Loaded, ...]:
    """Rules by their names or files, in that order, then the enabled triggers of a vigilog.toml and of logtrigger's
    configuration; without any of these all shipped ones. A file's name has a slash or ends in .toml.

    Raises an ExceptionGroup of every mistake in them.
    """
    rules: list[Loaded] = []
    errors: list[ConfigurationError] = []
    there = shipped()
    for name in wanted:
        if "/" in name or name.endswith(".toml"):
            loaded, mistakes = read_triggers(name)
            rules += loaded
            errors += mistakes
        elif name in there:
            rules.append(there[name])
        else:
            near = get_close_matches(name, there, n=1)
            remedy = f"did you mean {near[0]}?" if near else "`vigilog rules list` names them"
            errors.append(ConfigurationError(f"no rule {shown(name)}", expected="a shipped rule or a FILE.toml", remedy=remedy))
    if config:
        ours = toml.read(config)
        own, missing = completed(ours.triggers.values())
        rules += own
        errors += [*ours.errors, *missing, *(mistake for each in own for mistake in examined(each).mistakes)]
    if logtrigger:
        layer = read_logtrigger(logtrigger)
        rules += layer.triggers.values()
        errors += layer.errors
    if errors:
        raise ExceptionGroup("mistakes in rules", errors)
    return tuple(rules) if wanted or config or logtrigger else tuple(there.values())


def tested(rule: Loaded) -> tuple[Failure, ...]:
    """The samples of a rule that do not hold, matched as the watchman matches lines."""
    ready = TriggerSet((made(rule.trigger, (), str),))
    failures = []
    for number, sample in enumerate(rule.samples):
        expected, found = said(sample.fields, reset=sample.reset, follow=sample.follow), matched(ready, sample)
        if expected != found:
            failures.append(Failure(sample_place(rule, number), sample.line, expected, found))
    return tuple(failures)


def matched(ready: TriggerSet, sample: Sample) -> str:
    """What a set of one trigger makes of a sample's line, in words. What would follow does so: its process had an event."""
    line = sample.line.encode("utf-8", "surrogateescape")
    ready.remember(0, line, 0.0, (b"anybody",) * len(ready.key_names(0)))
    for _, clears, _, _, counted, rule in ready.occurrences("", line + b"\n", lambda _: 0.0):
        fields = ready.fields(0, rule, ready.captures(rule, counted))
        return said(fields, reset=clears, follow=rule in ready.triggers[0].follows)
    return said(None)


def said(fields: dict[str, str] | None, *, reset: bool = False, follow: bool = False) -> str:
    """Fields, or their absence, in words that can be compared."""
    if fields is None and not (reset or follow):
        return "no match"
    values = ", ".join(f"{name}={shown(value)}" for name, value in sorted((fields or {}).items()))
    return f"{'reset' if reset else 'follow' if follow else 'match'}{': ' if values else ''}{values}"


def sample_place(rule: Loaded, number: int) -> Place:
    """Where the sample `number` (from 0) of a rule stands in its file."""
    document = read(rule.place.file)
    triggers = document.content.get("trigger")
    for index in range(len(triggers) if isinstance(triggers, list) else 0):
        if document.place("trigger", index) == rule.place:
            place = document.place("trigger", index, "sample", number)
            return place if place.line else rule.place
    return rule.place


def fooled(rule: Loaded) -> Audit:
    """The audit of a rule, from the lines of its samples that match."""
    matching = [sample for sample in rule.samples if sample.fields is not None or sample.reset or sample.follow]
    lines = [sample.line.encode("utf-8", "surrogateescape") for sample in matching]
    return audited(made(rule.trigger, (), str), lines)
