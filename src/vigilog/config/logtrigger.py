"""logtrigger's own configuration, in UCI format: its rules as triggers, its scripts as actions.

The readings are those of the seed's page (the variant of 2020, with the options `time` and `file`); `logfile` sections are
those of the public source of 2010-2011. Any option that is none of theirs is handed to the script as LT_<option>.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from vigilog.config import uci
from vigilog.config.checked import checked, shown
from vigilog.config.layer import Key, Layer, Value
from vigilog.config.run_objections import FIXED
from vigilog.config.run_settings import Trigger
from vigilog.config.triggers import Loaded
from vigilog.config.uci import Section
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place

KEYS = {
    "name": "name",
    "pattern": "pattern",
    "fields": "fields",
    "script": "actions",
    "maxfail": "count",
    "time": "within",
    "enabled": "enabled",
    "file": "sources",
    "logfile": "sources",
    "id": "sources",
}
"""The options of a rule, and the keys of a trigger that they become."""

LOGS = ("logfile", "id")
"""Those that name a `logfile` section."""


def read_logtrigger(path: str) -> Layer:
    """The triggers and actions of a file, its mistakes and what to know about it. Raises nothing. A file with a mistake in its
    syntax says nothing else, as with libuci."""
    try:
        with open(path, "rb") as file:
            data = file.read()
        sections = uci.parse(data, path)
    except OSError as error:
        found = f"cannot be read: {error.strerror}"
        return Layer(errors=(ConfigurationError(found, place=Place(path), expected="logtrigger's configuration"),))
    except ConfigurationError as error:
        return Layer(errors=(error,))
    return layer(sections, path)


def layer(sections: tuple[Section, ...], file: str) -> Layer:
    """What sections say; `file` is the name their places have."""
    found = Found(file, {section.name or text(section, "id"): section for section in sections if section.type == "logfile"})
    for section in sections:
        if section.type == "rule":
            rule(section, found)
        elif section.type != "logfile":
            found.remark(section, "", f"a section of type {shown(section.type)}", "logtrigger has none: it has no effect")
    return Layer(found.values, found.places, tuple(found.errors), tuple(found.remarks), found.triggers)


@dataclass(frozen=True, slots=True)
class Found:
    """What was read so far of a file: `logs` are its `logfile` sections by their names."""

    file: str
    logs: Mapping[str, Section]
    values: dict[Key, Value] = field(default_factory=dict)
    places: dict[Key, Place] = field(default_factory=dict)
    errors: list[ConfigurationError] = field(default_factory=list)
    remarks: list[ConfigurationError] = field(default_factory=list)
    triggers: dict[str, Loaded] = field(default_factory=dict)

    def place(self, section: Section, option: str) -> Place:
        return Place(self.file, section.lines.get(option, section.line))

    def held(self, section: Section, option: str, key: Key, value: object) -> Value:
        """`value` as it is held under a key of ours, None where it has a mistake, which is told of the option."""
        held = checked(*key, value, self.place(section, option))
        if isinstance(held, ConfigurationError):
            self.wrong(section, option, f"{option} {held.found.partition(' ')[2]}", held.expected)
            return None
        return held

    def wrong(self, section: Section, option: str, found: str, expected: str) -> None:
        self.errors.append(ConfigurationError(found, place=self.place(section, option), expected=expected))

    def remark(self, section: Section, option: str, found: str, remedy: str) -> None:
        self.remarks.append(ConfigurationError(found, place=self.place(section, option), remedy=remedy))


def rule(section: Section, found: Found) -> None:
    """One rule, put into `found` with its action and everything to say about it. One that is not enabled is only mentioned."""
    name = text(section, "name")
    title = f"rule {shown(name)}" if name else "a rule without a name"
    if text(section, "enabled") != "1":
        if section.options.get("enabled") != "0":
            found.remark(section, "enabled", f"{title} is not enabled", 'only option enabled "1" does that')
        return
    log = next((found.logs[text(section, option)] for option in LOGS if text(section, option) in found.logs), None)
    if log and text(log, "disabled") not in {"", "0"}:
        found.remark(section, "", f"{title} is about a log that is disabled", "it sees nothing")
        return
    before = len(found.errors)
    for option, value in section.options.items():
        if isinstance(value, tuple) and option != "fields":
            found.wrong(section, option, f"a list of {option}", f"option {option}")
    if not text(section, "pattern"):
        found.wrong(section, "pattern", f"{title} has no pattern", "option pattern")
    fields = found.held(section, "fields", ("trigger", "fields"), text(section, "fields"))
    trigger = Trigger(
        name=name,
        language="scanf",
        pattern=(text(section, "pattern"),),
        fields=fields if isinstance(fields, tuple) else (),
        count=number(section, "maxfail", found, least=0) or 1,
        within=float(number(section, "time", found, least=1) or 0),
        sources=sources(section, found),
        actions=action(section, found, title),
    )
    if not name:
        found.remark(section, "name", title, "its script is given an empty LT_name")
    elif found.held(section, "name", ("trigger", "name"), name) and " " in name:
        found.remark(section, "name", f"{title} has blanks in its name", "scripts that do not quote $LT_name stumble over them")
    if name in found.triggers:
        first = found.triggers[name].place.line
        found.wrong(section, "name", f"a second rule called {shown(name)}; the first is in line {first}", "another name")
    if len(found.errors) == before:
        places = {KEYS[option]: found.place(section, option) for option in section.options if option in KEYS}
        found.triggers[name] = Loaded(trigger, (), Place(found.file, section.line), places)


def text(section: Section, option: str) -> str:
    """An option as text: '' where it is not given, the entries of a list with blanks between them."""
    value = section.options.get(option, "")
    return value if isinstance(value, str) else " ".join(value)


def number(section: Section, option: str, found: Found, *, least: int) -> int:
    """A whole number under an option, 0 where it is not given."""
    given = text(section, option).strip()
    if not given:
        return 0
    if not (given.isascii() and given.isdecimal() and len(given) < 10 and int(given) >= least):
        found.wrong(section, option, f"{option} is {shown(given)}", f"a whole number from {least}")
        return 0
    return int(given)


def sources(section: Section, found: Found) -> tuple[str, ...]:
    """The log that a rule names, directly or by a `logfile` section; none is the system log."""
    for option in ("file", *LOGS):
        name = text(section, option)
        log = None if option == "file" else found.logs.get(name)
        if name:
            held = found.held(section, option, ("trigger", "sources"), [text(log, "file") if log else name])
            return held if isinstance(held, tuple) else ()
    return ()


def action(section: Section, found: Found, title: str) -> tuple[str, ...]:
    """The name of the action that runs the rule's script: rules with the same script and options share it."""
    script = text(section, "script")
    if not script:
        found.wrong(section, "script", f"{title} has no script", "option script")
    if not script or found.held(section, "script", ("action", "script"), script) is None:
        return ()
    environment = dict(variables(section, found))
    name = f"{script} for {title}" if environment else script
    table = f"action.{name}"
    given: dict[str, Value] = {"type": "script", "script": script}
    if environment:
        given["environment"] = environment
    found.values.update({(table, key): value for key, value in given.items()})
    found.places.update({(table, key): found.place(section, "script") for key in given})
    return (name,)


def variables(section: Section, found: Found) -> Iterator[tuple[str, str]]:
    """The options that are none of logtrigger's, as variables for the script."""
    for option, value in section.options.items():
        if option in KEYS or isinstance(value, tuple):
            continue
        if option in FIXED or option in text(section, "fields").split():
            found.wrong(section, option, f"option {option}: scripts have LT_{option} for something else", "another name")
        else:
            yield f"LT_{option}", value
