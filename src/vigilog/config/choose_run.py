"""From the command line and all files to the `Settings` that `vigilog run` and its kin work with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import msgspec

from vigilog.config import toml
from vigilog.config.checked import shown, suggestion
from vigilog.config.choose import Chosen, Wishes
from vigilog.config.host import Host
from vigilog.config.layer import Key, Layer, laid, settled
from vigilog.config.run_checks import crossed, idle
from vigilog.config.run_settings import Trigger
from vigilog.config.settings import Settings
from vigilog.config.ship_settings import Ship
from vigilog.config.trigger_checks import Examined, examined, splits, undecided
from vigilog.config.trigger_files import shipped
from vigilog.config.triggers import Loaded
from vigilog.config.watch_settings import Watch
from vigilog.config.web_settings import Web
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place


def choose_run(wishes: Wishes, host: Host, default_config: str = toml.DEFAULT) -> Chosen:
    """What to watch with on `host`.

    The triggers in the settings are those that are enabled, each complete: what a shipped rule says is in it, and its key
    where it has several patterns. `run.sources` is empty where nobody names any: the system log. The place of a trigger's key
    is under `("trigger.NAME", KEY)`, that of a pattern of several under `("trigger.NAME", "pattern.0")` and so on. With
    `wishes.logtrigger` the triggers of vigilog.toml count only if `wishes.config` names it. Raises nothing but the
    ConfigurationError of a broken installation.
    """
    ours = toml.read(wishes.config or default_config, required=wishes.config is not None)
    legacy = Layer()
    if wishes.logtrigger:
        from vigilog.config.logtrigger import read_logtrigger  # noqa: PLC0415 - hardly anybody has one

        legacy = read_logtrigger(wishes.logtrigger)
        ours = ours if wishes.config else replace(ours, triggers={})
    own = Layer({("state", "directory"): host.state_directory})
    layer = laid([own, ours, legacy, wishes.layer])
    own_triggers, errors = completed(ours.triggers.values())
    legacy_triggers = [each for each in legacy.triggers.values() if each.trigger.enabled]
    errors += same_names(ours.triggers, legacy.triggers)
    settings, loaded = with_sources(settled(replace(layer, triggers={})), own_triggers, legacy_triggers, host)
    triggers = [examined(each) for each in loaded]
    errors += [mistake for each in triggers for mistake in each.mistakes]
    errors += crossed(layer, settings, triggers)
    if layer.streams or settings.ship != Ship() or any(each.loaded.trigger.scope == "fleet" for each in triggers):
        from vigilog.config import ship_checks  # noqa: PLC0415 - only where something is shipped

        errors += ship_checks.crossed(layer, settings, triggers)
    if settings.watch != Watch() or any(source.startswith("kafka:") for source in settings.run.sources):
        from vigilog.config import watch_checks  # noqa: PLC0415 - few read from other hosts

        errors += watch_checks.crossed(layer, settings)
    if settings.web != Web():
        from vigilog.config import web_checks  # noqa: PLC0415 - few have a dashboard

        errors += web_checks.crossed(layer, settings)
    good = [each for each in triggers if not each.mistakes]
    remarks = [
        remark for each in good for remark in (*splits(each), *undecided(each), *idle(each.loaded.trigger, each.loaded.place))
    ]
    return Chosen(
        msgspec.structs.replace(settings, triggers=tuple(map(with_key, good))),
        {**layer.places, **places(loaded)},
        tuple(in_order([*layer.errors, *errors])),
        (*layer.remarks, *remarks),
        (),
    )


def completed(triggers: Iterable[Loaded]) -> tuple[list[Loaded], list[ConfigurationError]]:
    """The triggers that are enabled, each with what it takes from a shipped rule; and the rules that are not there."""
    enabled = [each for each in triggers if each.trigger.enabled]
    rules = shipped() if any(each.trigger.rule for each in enabled) else {}
    errors: list[ConfigurationError] = []
    found: list[Loaded] = []
    for each in enabled:
        rule = rules.get(each.trigger.rule)
        if rule is not None:
            found.append(merged(each, rule))
        elif not each.trigger.rule:
            found.append(each)
        else:
            remedy = suggestion(each.trigger.rule, list(rules)) or "`vigilog rules list` shows them"
            place = each.places.get("rule", each.place)
            expected = "the name of one that is shipped"
            missing = f"there is no rule {shown(each.trigger.rule)}"
            errors.append(ConfigurationError(missing, place=place, expected=expected, remedy=remedy))
    return found, errors


def merged(own: Loaded, rule: Loaded) -> Loaded:
    """A trigger with all keys that it does not give taken from a shipped rule."""
    given = {key for key in own.trigger.__struct_fields__ if key in own.places}
    values = {key: getattr(own.trigger, key) for key in {*given, "name", "rule", "enabled"}}
    inherited = {key: place for key, place in rule.places.items() if key.partition(".")[0] not in given}
    return Loaded(
        msgspec.structs.replace(rule.trigger, **values), own.samples or rule.samples, own.place, {**inherited, **own.places}
    )


def with_sources(settings: Settings, ours: list[Loaded], legacy: list[Loaded], host: Host) -> tuple[Settings, list[Loaded]]:
    """The files that rules of logtrigger name are watched besides what `[run]` names, or the system log; triggers that name no
    source do not see these files."""
    files = dict.fromkeys(source for each in legacy for source in each.trigger.sources)
    loaded = [*ours, *legacy]
    if not files:
        return settings, loaded
    general = settings.run.sources
    if not general and any(not each.trigger.sources for each in loaded):
        general = host.system_log
    run = msgspec.structs.replace(settings.run, sources=tuple(dict.fromkeys([*general, *files])))
    kept = [
        each if each.trigger.sources else replace(each, trigger=msgspec.structs.replace(each.trigger, sources=general))
        for each in loaded
    ]
    return msgspec.structs.replace(settings, run=run), kept


def same_names(ours: Mapping[str, Loaded], legacy: Mapping[str, Loaded]) -> list[ConfigurationError]:
    """Triggers of vigilog.toml and of logtrigger's file that have one name."""
    return [
        ConfigurationError(
            f"{shown(name)} is the name of a trigger in {ours[name].place}, too",
            place=legacy[name].place,
            expected="another name",
        )
        for name in legacy
        if name in ours
    ]


def with_key(each: Examined) -> Trigger:
    """A trigger; one of several patterns with its key, which must be the same in all of them."""
    trigger = each.loaded.trigger
    if len(trigger.pattern) + len(trigger.reset) < 2:
        return trigger
    return msgspec.structs.replace(trigger, key=each.key)


def places(loaded: Iterable[Loaded]) -> dict[Key, Place]:
    """Where each key of each trigger stands."""
    return {(f"trigger.{each.trigger.name}", key): place for each in loaded for key, place in each.places.items()}


def in_order(errors: Iterable[ConfigurationError]) -> list[ConfigurationError]:
    """Mistakes by file, in the order of the files' first mistakes, and there by line."""
    listed = list(errors)
    files = list(dict.fromkeys(error.place.file if error.place else "" for error in listed))
    return sorted(
        listed,
        key=lambda error: (files.index(error.place.file if error.place else ""), (error.place and error.place.line) or 0),
    )
