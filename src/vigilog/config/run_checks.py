"""What does not go together among triggers, actions, sources and bans, each of which is right by itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from vigilog.config.checked import shown, suggestion
from vigilog.config.layer import Key, Layer
from vigilog.config.run_settings import Action, Ban, Trigger
from vigilog.config.settings import Settings
from vigilog.config.trigger_checks import Examined, place_of
from vigilog.config.triggers import Loaded
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place

BELONGING: dict[str, tuple[str, ...]] = {
    "script": ("script", "time_limit", "parallel", "queue", "environment"),
    "ban": (),
    "append": ("file", "template", "on"),
    "mail": ("to", "template", "digest"),
    "webhook": ("url", "headers", "retries", "time_limit"),
    "null": (),
}
"""For each type of action its keys."""

NEEDED = {"script": "script", "append": "file", "webhook": "url"}
"""The key without which an action of a type can do nothing."""


def crossed(layer: Layer, settings: Settings, triggers: Sequence[Examined]) -> list[ConfigurationError]:
    """Every contradiction. `triggers` are those in force, complete; `settings` what the layer comes to, with the sources that
    are watched."""
    fields = frozenset(field for each in triggers for field in each.fields)
    known = {*settings.actions, *(table.partition(".")[2] for table, _ in layer.places if table.startswith("action."))}
    errors = [*without_type(layer), *ban(settings.ban, layer.places)]
    for name, action in settings.actions.items():
        errors += action_mistakes(name, action, layer, settings)
        errors += template_mistakes(name, action, layer, fields)
    for each in triggers:
        errors += missing_actions(each.loaded, known)
        errors += nobody_to_ban(each, settings)
        if ("run", "sources") in layer.values or ("run", "sources") not in layer.places:  # else it had a mistake itself
            errors += missing_sources(each.loaded, settings.run.sources)
    return errors


def without_type(layer: Layer) -> Iterator[ConfigurationError]:
    """Actions of which nobody says what they are."""
    for (table, key), place in layer.places.items():
        if table.startswith("action.") and not key and (table, "type") not in layer.places:
            expected = "the key type: one of " + ", ".join(map(shown, BELONGING))
            yield ConfigurationError(f"[{table}] has no type", place=place, expected=expected)


def action_mistakes(name: str, action: Action, layer: Layer, settings: Settings) -> Iterator[ConfigurationError]:
    """Keys that an action of this type does not have, and those that it needs."""
    table = f"action.{name}"
    keys = BELONGING[action.type]
    kind = f"an action of type {shown(action.type)}"
    for there, key in layer.values:
        if there == table and key != "type" and key not in keys:
            expected = f"one of type, {', '.join(keys)}" if keys else "type alone"
            yield ConfigurationError(f"{kind} has no {key}", place=layer.places.get((table, key)), expected=expected)
    place = layer.places.get((table, "type"))
    needed = NEEDED.get(action.type)
    if needed and not getattr(action, needed) and ((table, needed) in layer.values or (table, needed) not in layer.places):
        yield ConfigurationError(f"{kind} without {needed}", place=place, expected=f"the key {needed}")
    if action.type == "mail" and not action.to and not settings.mail.to:
        yield ConfigurationError(f"{kind} with nobody to send to", place=place, expected="the key to, here or in [mail]")


def template_mistakes(name: str, action: Action, layer: Layer, fields: Collection[str]) -> Iterator[ConfigurationError]:
    """What is wrong with an action's template, whose names may be fields of any trigger."""
    if not action.template:
        return
    from vigilog.act.template import template  # noqa: PLC0415 - only where there is a template

    try:
        template(action.template, fields)
    except ConfigurationError as error:
        place = layer.places.get((f"action.{name}", "template"))
        yield ConfigurationError(error.found, place=place, expected=error.expected, remedy=error.remedy)


def missing_actions(loaded: Loaded, actions: Collection[str]) -> Iterator[ConfigurationError]:
    """Actions of a trigger that are not there."""
    for number, name in enumerate(loaded.trigger.actions):
        if name not in actions:
            remedy = suggestion(name, list(actions)) or f"write a table [action.{name}]"
            expected = f"one of {', '.join(sorted(actions))}"
            place = place_of(loaded, "actions", number)
            yield ConfigurationError(f"there is no action {shown(name)}", place=place, expected=expected, remedy=remedy)


def nobody_to_ban(each: Examined, settings: Settings) -> Iterator[ConfigurationError]:
    """A trigger with a ban that takes no address out of its lines."""
    trigger = each.loaded.trigger
    bans = [name for name in trigger.actions if name in settings.actions and settings.actions[name].type == "ban"]
    if bans and trigger.pattern and not each.fields & {"address", "ip"} and len(each.key) != 1:
        found = f"trigger {shown(trigger.name)} bans, and none of its fields is an address"
        expected = "a field called address or ip, or a key of one field"
        yield ConfigurationError(found, place=place_of(each.loaded, "actions", 0), expected=expected)


def missing_sources(loaded: Loaded, sources: Collection[str]) -> Iterator[ConfigurationError]:
    """Sources of a trigger that nobody watches."""
    for number, source in enumerate(loaded.trigger.sources):
        if source not in sources:
            expected = f"one of {', '.join(sources)}" if sources else "sources in [run]"
            place = place_of(loaded, "sources", number)
            found = f"{shown(source)} is not among the sources of [run]"
            yield ConfigurationError(found, place=place, expected=expected, remedy="name it there, too")


def ban(settings: Ban, places: Mapping[Key, Place]) -> Iterator[ConfigurationError]:
    """Contradictions within `[ban]`."""
    if settings.backend == "command" and not settings.command:
        found = "ban.backend is command and ban.command is empty"
        yield ConfigurationError(found, place=places.get(("ban", "backend")), expected="a program")
    if settings.max_time < settings.time:
        place = places.get(("ban", "max_time")) or places.get(("ban", "time"))
        found = f"ban.max_time is {settings.max_time:g} seconds, and ban.time {settings.time:g}"
        yield ConfigurationError(found, place=place, expected="no longer time for the first ban than for any")
    if settings.allow:
        from vigilog.act.ban import allow  # noqa: PLC0415 - only where there is a list

        for number, entry in enumerate(settings.allow):
            place = places.get(("ban", f"allow.{number}")) or places.get(("ban", "allow")) or Place("ban.allow")
            yield from allow.read([entry], place, resolve=nowhere).errors


def nowhere(name: str) -> list[str]:
    """Looks up no name: whether it has an address is asked at start."""
    del name
    return ["::1"]


def idle(trigger: Trigger, place: Place) -> Iterator[ConfigurationError]:
    """A remark on a trigger that does nothing."""
    if not trigger.actions:
        found = f"trigger {shown(trigger.name)} has no actions: what it finds is only kept"
        yield ConfigurationError(found, place=place)
