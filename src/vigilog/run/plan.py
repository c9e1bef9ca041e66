"""What the settings mean for the watchman: triggers as `detect` has them, and which actions look at what others did."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from vigilog.config import run_settings
from vigilog.config.host import Host
from vigilog.config.settings import Settings
from vigilog.core.nouns import Place, Rule
from vigilog.detect.program import with_program
from vigilog.detect.triggers import Trigger, TriggerSet


@dataclass(frozen=True, slots=True)
class Plan:
    """The triggers in force; for each the actions that are given the outcomes of its other actions; and the sources, as the
    configuration writes them and by name."""

    triggers: tuple[Trigger, ...]
    followers: Mapping[str, tuple[str, ...]]
    sources: tuple[str, ...]
    names: tuple[str, ...]

    def seeing_all(self) -> Plan:
        """The same with triggers that see every source."""
        return replace(self, triggers=tuple(replace(each, sources=frozenset()) for each in self.triggers))


def planned(settings: Settings, host: Host, name_of: Callable[[str], str]) -> Plan:
    """The plan of checked settings. `name_of` gives the name of a source that the configuration writes so.

    Raises RuleError for a pattern that cannot be used.
    """
    enabled = [trigger for trigger in settings.triggers if trigger.enabled]
    sources = settings.run.sources or host.system_log
    following = {name for name, action in settings.actions.items() if action.type == "append" and action.on == "outcome"}
    return Plan(
        tuple(made(trigger, following, name_of) for trigger in enabled),
        {each.name: tuple(name for name in each.actions if name in following) for each in enabled},
        sources,
        tuple(map(name_of, sources)),
    )


def made(trigger: run_settings.Trigger, following: Iterable[str], name_of: Callable[[str], str]) -> Trigger:
    """One trigger of the settings, as `detect` has it."""
    return Trigger(
        name=trigger.name,
        kind=trigger.kind,
        patterns=rules(trigger, trigger.pattern),
        resets=rules(trigger, trigger.reset),
        follows=rules(trigger, trigger.follow),
        fields=trigger.fields,
        key=trigger.key,
        count=trigger.count,
        within=trigger.within or None,
        anew=trigger.after == "count-anew",
        once=trigger.after == "once",
        sources=frozenset(map(name_of, trigger.sources)),
        actions=tuple(name for name in trigger.actions if name not in following),
        fleet=trigger.scope == "fleet",
    )


def rules(trigger: run_settings.Trigger, patterns: Iterable[str]) -> tuple[Rule, ...]:
    """Patterns of a trigger as rules."""
    place = Place(f"trigger {trigger.name}")
    texts = (pattern.encode("utf-8", "surrogateescape") for pattern in patterns)
    if trigger.program:
        texts = (with_program(text, trigger.program) for text in texts)
    return tuple(Rule(trigger.name, trigger.kind, trigger.language, text, place) for text in texts)


def compiled(plan: Plan, settings: Settings, sources: Iterable[str]) -> TriggerSet:
    """The plan's triggers, ready for the sources of these names; out of the cache where it has them."""
    cache = os.path.join(settings.state.directory, "cache")
    ready = TriggerSet(plan.triggers, first_match=settings.run.first_match, cache_directory=cache)
    ready.prepare(sources)
    return ready
