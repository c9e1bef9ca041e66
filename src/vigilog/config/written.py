"""A vigilog.toml as `vigilog init` writes it: every key with its meaning; those with a value of this host's own are set."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import wrap

from vigilog.config.described import DescribedKey, described
from vigilog.config.layer import Key, Value

WIDTH = 100


def written(values: Mapping[Key, Value], remarks: Mapping[Key, str], introduction: str) -> str:
    """The text of a vigilog.toml that sets `values` and leaves all other keys commented out with their defaults.

    `remarks` are put before single keys, `introduction` at the top. Read back, it gives `values` and nothing else.
    """
    parts = [comment(introduction)]
    for table in described():
        parts.append(f"[{table.name}]")
        parts.append(comment(capital(table.meaning)))
        names = [(table.name, key.name) for key in table.keys]
        parts += [entry(key, values.get(name), remarks.get(name, "")) for key, name in zip(table.keys, names, strict=True)]
    return "\n\n".join(parts) + "\n"


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
            return "{" + ", ".join(f"{literal(name)} = {literal(text)}" for name, text in value.items()) + "}"
        case None:
            return ""
    escapes = {'"': '\\"', "\\": "\\\\"}
    return '"' + "".join(escapes.get(each, each if each.isprintable() else escaped(each)) for each in value) + '"'


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
