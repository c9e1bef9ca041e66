"""From the command line and all files to the one `Settings` that a command runs with.

What wins, from the strongest: the command line and the files named on it; vigilog.toml; logcheck's own files, where its
rules are used; what fits this host; the defaults.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from vigilog.config import logcheck_conf, logfiles_list, toml
from vigilog.config.host import Host, setup
from vigilog.config.layer import Key, Layer, laid, settled
from vigilog.config.settings import Settings
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Notice, Place

DEBIAN = Layer({("mail", "to"): ("root",)})
"""What logcheck 1.4.2 does when its configuration is silent, where that differs from our defaults."""

PSIONIC = Layer(
    {("check", "order"): "arrival", ("check", "introduction"): False, ("check", "date_format"): "%m/%d/%y:%H.%M"},
)
"""The same for logcheck 1.1."""

PATTERN_FILES: tuple[Key, ...] = (
    ("psionic", "hacking"),
    ("psionic", "violations"),
    ("psionic", "violations_ignore"),
    ("psionic", "ignore"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the command line says: single settings as a layer, and the files that it names."""

    layer: Layer = field(default_factory=Layer)
    config: str | None = None
    logcheck_conf: str | None = None
    list_file: str | None = None
    list_directory: str | None = None
    logcheck_sh: str | None = None
    logtrigger: str | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """The settings (without what is wrong), where they were made, and everything to say about them.

    `errors` are mistakes: a command that acts on the settings must not start. `remarks` are harmless. `notices` must be
    read by whoever reads the report.
    """

    settings: Settings
    places: Mapping[Key, Place]
    errors: tuple[ConfigurationError, ...]
    remarks: tuple[ConfigurationError, ...]
    notices: tuple[Notice, ...]


def choose(wishes: Wishes, host: Host, default_config: str = toml.DEFAULT) -> Chosen:
    """What to run with on `host`. `rules` in it is never auto, and `sources` is empty only if there is nothing to read."""
    ours = speaking(toml.read(wishes.config or default_config, required=wishes.config is not None))
    rules, notices = rule_set(wishes, laid([ours, wishes.layer]), host)
    below, named = [], []
    if rules == "psionic":
        below.append(PSIONIC)
        if wishes.logcheck_sh:
            from vigilog.config import logcheck_sh  # noqa: PLC0415 - hardly anybody has one, and starting must be quick

            named.append(logcheck_sh.read(wishes.logcheck_sh))
    conf_path = wishes.logcheck_conf or os.path.join(host.logcheck_directory, "logcheck.conf")
    conf = logcheck_conf.LogcheckConf(Layer())
    if wishes.logcheck_conf or (rules == "debian" and os.path.exists(conf_path)):
        conf = logcheck_conf.read(conf_path)
        below.append(DEBIAN)
        (named if wishes.logcheck_conf else below).append(conf.layer)
    logs_named = ("check", "sources") in wishes.layer.values
    if not logs_named and (rules == "debian" or wishes.list_file or wishes.list_directory):
        lists = listed(wishes, conf, host)
        (named if wishes.list_file or wishes.list_directory else below).append(lists)
    chosen = laid([fitting(host), *below, ours, *named, wishes.layer])
    settings = settled(replace(chosen, values={**chosen.values, ("check", "rules"): rules}))
    errors = [*chosen.errors, *contradictions(settings, chosen.places)]
    if rules == "psionic" and not wishes.logcheck_sh:
        errors += without_patterns(settings, chosen.places)
    return Chosen(settings, chosen.places, tuple(errors), chosen.remarks, notices)


def speaking(layer: Layer) -> Layer:
    """`layer` without an empty list of sources, which says the same as none."""
    values = {key: value for key, value in layer.values.items() if key != ("check", "sources") or value}
    return replace(layer, values=values)


def rule_set(wishes: Wishes, layer: Layer, host: Host) -> tuple[str, tuple[Notice, ...]]:
    """Which rule set is meant, and what the reader must know about the choice."""
    rules = layer.values.get(("check", "rules"), "auto")
    if rules != "auto":
        return str(rules), ()
    if wishes.logcheck_sh or any(key in wishes.layer.values for key in PATTERN_FILES):
        return "psionic", ()
    directory = str(layer.values.get(("check", "rule_directory"), host.logcheck_directory))
    if wishes.logcheck_conf or ("check", "rule_directory") in wishes.layer.values:
        return "debian", ()
    found = {host.logcheck, setup(directory)}
    if "present" in found:
        return "debian", ()
    if "closed" in found:
        text = f"{directory} may not be read by this user: the built-in rules are used instead of those in it"
        return "builtin", (Notice("unreadable", directory, text),)
    return "builtin", ()


def listed(wishes: Wishes, conf: logcheck_conf.LogcheckConf, host: Host) -> Layer:
    """The logs in logcheck's lists. A list that nobody named may be missing; one without an entry asks for no log at all."""
    file = wishes.list_file or conf.list_file or os.path.join(host.logcheck_directory, "logcheck.logfiles")
    directory = wishes.list_directory or conf.list_directory or os.path.join(host.logcheck_directory, "logcheck.logfiles.d")
    named = wishes.list_file or conf.list_file or os.path.lexists(file)
    sources, errors = logfiles_list.read(file if named else None, directory)
    if not sources and not named:
        return Layer(errors=errors)
    return Layer({("check", "sources"): sources}, {("check", "sources"): Place(str(file) if named else directory)}, errors)


def fitting(host: Host) -> Layer:
    """What fits this host if nobody says otherwise."""
    return Layer(
        {
            ("check", "sources"): host.sources,
            ("check", "rule_directory"): host.logcheck_directory,
            ("state", "directory"): host.state_directory,
        }
    )


def contradictions(settings: Settings, places: Mapping[Key, Place]) -> list[ConfigurationError]:
    """Settings that are each valid and do not go together."""
    errors = []
    if settings.mail.transport == "command" and not settings.mail.command:
        place = places.get(("mail", "transport"))
        errors.append(
            ConfigurationError("mail.transport is command and mail.command is empty", place=place, expected="a program")
        )
    if settings.mail.smtp_user and not settings.mail.smtp_password_file:
        place = places.get(("mail", "smtp_user"))
        errors.append(ConfigurationError("mail.smtp_user has no password", place=place, expected="mail.smtp_password_file"))
    return errors


def without_patterns(settings: Settings, places: Mapping[Key, Place]) -> list[ConfigurationError]:
    """Logcheck 1.1 with no file that could put a line into a report."""
    if settings.psionic.hacking or settings.psionic.violations or settings.psionic.ignore:
        return []
    remedy = "name them with --hacking, --violations and --ignore, in [psionic], or name a logcheck.sh that does"
    place = places.get(("check", "rules"))
    found = "Psionic rules without pattern files report nothing"
    return [ConfigurationError(found, place=place, expected="a pattern file", remedy=remedy)]
