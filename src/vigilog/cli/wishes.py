"""What the options of a command line wish for, as a layer of settings and the files they name."""

from __future__ import annotations

import argparse
import os

from vigilog.config.checked import checked
from vigilog.config.choose import PATTERN_FILES, Wishes
from vigilog.config.layer import Key, Layer, Value
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place

VALUES: dict[str, Key] = {
    "host": ("check", "host"),
    "level": ("check", "level"),
    "first": ("check", "first"),
    "jobs": ("check", "jobs"),
    "summarize": ("check", "summarize"),
    "partial_lines": ("check", "partial_lines"),
    "exact_grep": ("psionic", "exact_grep"),
}
"""Options whose value is a setting as it stands; an option that is not given (None) sets nothing."""

PATHS: dict[str, Key] = {
    "rule_directory": ("check", "rule_directory"),
    "state_directory": ("state", "directory"),
    "hacking": ("psionic", "hacking"),
    "violations": ("psionic", "violations"),
    "violations_ignore": ("psionic", "violations_ignore"),
    "ignore": ("psionic", "ignore"),
}
"""Options whose value is a path, which may be relative on the command line."""


def wishes(options: argparse.Namespace, *, terminal: bool) -> Wishes:
    """What the command line says; `terminal`: the output is one, so that reports are shown and not mailed."""
    given = vars(options)
    values: dict[str, tuple[Key, object]] = {}
    for name, key in VALUES.items():
        values[name] = key, given.get(name)
    for name, key in PATHS.items():
        values[name] = key, os.path.abspath(given[name]) if given.get(name) else None
    if given.get("state_directory"):
        values["takeover"] = ("state", "takeover"), [os.path.abspath(given["state_directory"])]
    if logs := [*(given.get("log") or []), *(given.get("logs") or [])]:
        values["log"] = ("check", "sources"), [source(log) for log in logs]
    if given.get("standard_output") or given.get("format") or (terminal and not given.get("mail_to")):
        values["standard_output"] = ("mail", "to"), []
    else:
        values["mail_to"] = ("mail", "to"), given.get("mail_to")
    if given.get("builtin"):
        values["builtin"] = ("check", "rules"), "builtin"
    if given.get("psionic") is not None:
        values["psionic"] = ("check", "rules"), "psionic"
    return Wishes(
        layer=layer(values),
        config=given.get("config"),
        logcheck_conf=given.get("logcheck_config"),
        list_file=given.get("log_list"),
        list_directory=given.get("log_list_directory"),
        logcheck_sh=given.get("psionic") or None,
    )


def source(log: str) -> str:
    """A log named on the command line, as the settings name it: from the root."""
    if log in {"journal", "-"} or log.startswith("kafka:"):
        return log
    for kind in ("multilog:", "blackbox:", "ledger:"):
        if log.startswith(kind):
            return kind + os.path.abspath(log.removeprefix(kind))
    return os.path.abspath(log)


def layer(values: dict[str, tuple[Key, object]]) -> Layer:
    """Values by the option that gave them, checked, as the layer of the command line."""
    held: dict[Key, Value] = {}
    places: dict[Key, Place] = {}
    errors: list[ConfigurationError] = []
    for name, (key, value) in values.items():
        if value is None:
            continue
        place = Place("--" + name.replace("_", "-"))
        result = checked(*key, value, place)
        if isinstance(result, ConfigurationError):
            errors.append(result)
        else:
            held[key] = result
            places[key] = place
    files = [key for key in PATTERN_FILES if key in held]
    if held.get(("check", "rules")) == "builtin" and files:
        errors.append(ConfigurationError(f"{places[files[0]]} has no effect with --builtin", expected="one of the two"))
    return Layer(held, places, tuple(errors))
