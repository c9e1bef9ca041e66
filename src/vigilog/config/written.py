"""A vigilog.toml as `vigilog init` writes it: every key with its meaning; those with a value of this host's own are set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from textwrap import wrap

from vigilog.config.described import DescribedKey, DescribedTable, described
from vigilog.config.layer import Key, Value
from vigilog.config.run_checks import BELONGING
from vigilog.config.ship_checks import BELONGS
from vigilog.config.tables import PLAIN

WIDTH = 100

EXAMPLES: dict[Key, Value] = {
    ("trigger", "name"): "door",
    ("trigger", "description"): "Guesses at the door.",
    ("trigger", "pattern"): (r"Failed login of (?P<user>\S+) from (?P<address>\S+)",),
    ("trigger", "program"): ("doord",),
    ("trigger", "key"): ("address",),
    ("trigger", "count"): 5,
    ("trigger", "within"): "10m",
    ("trigger", "reset"): (r"Login of \S+ from (?P<address>\S+)",),
    ("trigger", "follow"): ("Too many guesses, closing",),
    ("trigger", "actions"): ("ban", "page", "logins"),
    ("trigger", "ports"): ("tcp/22",),
    ("trigger", "ban_time"): "1h",
    ("stream", "what"): "lines",
    ("stream", "topic"): "web",
    ("stream", "format"): "combined",
    ("stream", "key"): "remote_dns",
    ("sample", "line"): "Nov 29 17:20:00 host doord[7]: Failed login of root from 192.0.2.7",
    ("sample", "fields"): {"user": "root", "address": "192.0.2.7"},
    ("action.page", "type"): "script",
    ("action.page", "script"): "/etc/vigilog/page.sh",
    ("action.logins", "type"): "append",
    ("action.logins", "file"): "/var/log/failed_logins.log",
    ("action.logins", "template"): "{time} {name} {user} {address}",
    ("action.operator", "type"): "mail",
    ("action.operator", "to"): ("root",),
    ("action.chat", "type"): "webhook",
    ("action.chat", "url"): "https://chat.example/hook",
}
"""A trigger and actions that show how they are written; what is not here has its default."""

SHORTEST = """\
## A shipped rule (`vigilog rules list` shows them all) needs no more than this:

# [[trigger]]
# rule = "sshd"
# actions = ["ban"]"""


def written(values: Mapping[Key, Value], remarks: Mapping[Key, str], introduction: str) -> str:
    """The text of a vigilog.toml that sets `values` and leaves all other keys commented out with their defaults, and with them
    an example of a trigger and of each type of action.

    `remarks` are put before single keys, `introduction` at the top. Read back, it gives `values` and nothing else.
    """
    parts = [comment(introduction)]
    tables = {table.name: table for table in described()}
    for name in PLAIN:
        keys = [entry(key, values.get((name, key.name)), remarks.get((name, key.name), "")) for key in tables[name].keys]
        parts += [tables[name].head, comment(capital(tables[name].meaning)), *keys]
    parts.append(SHORTEST)
    parts += example(tables["trigger"], "trigger", [key.name for key in tables["trigger"].keys if key.name != "rule"])
    parts += example(tables["sample"], "sample", ["line", "fields"])
    parts += example(tables["stream"], "stream", ["what", "topic", *BELONGS["lines"]])
    for (table, key), kind in EXAMPLES.items():
        if key == "type":
            parts += example(tables["action"], table, ["type", *BELONGING[str(kind)]])
    return "\n\n".join(parts) + "\n"


def example(table: DescribedTable, name: str, keys: list[str]) -> list[str]:
    """A table that is commented out, head and all, with some of its keys."""
    head = table.head.replace("action.NAME", name)
    shown = [key for key in table.keys if key.name in keys]
    about = [comment(capital(table.meaning)), f"# {head}"]
    return [*about, *(entry(replace(key, default=EXAMPLES.get((name, key.name), key.default)), None, "") for key in shown)]


def entry(key: DescribedKey, value: Value | None, remark: str) -> str:
    """One key under its meaning, commented out where it has no value of its own."""
    lines = [comment(f"{capital(key.meaning)} [{key.expected}]")]
    if remark:
        lines.append(comment(remark))
    lines.append(f"# {key.name} = {literal(key.default)}" if value is None else f"{key.name} = {literal(value)}")
    return "\n".join(lines)


def literal(value: Value) -> str:
    """A value in TOML."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case tuple():
            return "[" + ", ".join(literal(item) for item in value) + "]"
        case dict():
            return "{" + ", ".join(f"{bare(name)} = {literal(text)}" for name, text in value.items()) + "}"
        case None:
            return ""
    escapes = {'"': '\\"', "\\": "\\\\"}
    return '"' + "".join(escapes.get(each, each if each.isprintable() else escaped(each)) for each in value) + '"'


def bare(name: str) -> str:
    """A key in TOML, in quotes where it needs them."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else literal(name)


def escaped(character: str) -> str:
    """A character that must not stand in a basic string as it is."""
    return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"


def comment(text: str) -> str:
    """A text as comment lines of bearable width; an empty line in it stays one."""
    return "\n".join(f"## {line}".rstrip() for part in text.split("\n") for line in wrap(part, WIDTH) or [""])


def capital(text: str) -> str:
    """A text with a capital at its beginning, unless it begins with a name that has none."""
    first, _, _ = text.partition(" ")
    return text[0].upper() + text[1:] if first.isalpha() else text
