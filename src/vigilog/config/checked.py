"""Whether a value may stand under a key, and the sentence that says why not."""

from __future__ import annotations

import msgspec

from vigilog.config.layer import Value
from vigilog.config.settings import Settings
from vigilog.config.table import Table
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place

TEXT_FOR_PEOPLE = {("check", "host"), ("check", "date_format"), ("mail", "sender"), ("mail", "to")}
PATHS = {
    ("check", "rule_directory"),
    ("check", "local_rules"),
    ("check", "temporary_directory"),
    ("psionic", "hacking"),
    ("psionic", "violations"),
    ("psionic", "violations_ignore"),
    ("psionic", "ignore"),
    ("psionic", "temporary_directory"),
    ("mail", "smtp_password_file"),
    ("state", "directory"),
    ("state", "takeover"),
}


TABLES: dict[str, type[Table]] = {name: type(getattr(Settings(), name)) for name in Settings.__struct_fields__}
"""Every table of vigilog.toml."""


def keys_of(table: str) -> tuple[str, ...]:
    """The keys of a table, in their order."""
    return TABLES[table].__struct_fields__


def checked(table: str, name: str, value: object, place: Place | None) -> Value | ConfigurationError:
    """`value` as the settings hold it (lists as tuples), or the mistake in it. The key itself must exist."""
    key = f"{table}.{name}"
    try:
        held: Value = getattr(msgspec.convert({name: value}, TABLES[table], strict=True), name)
    except msgspec.ValidationError:
        from vigilog.config.expected import expectation, fields, remedy  # noqa: PLC0415 - only where there is a mistake

        shape = fields()[table][name].type
        found = f"{key} is {shown(value)}"
        return ConfigurationError(found, place=place, expected=expectation(shape), remedy=remedy(shape, value))
    for text in held if isinstance(held, tuple) else (held,):
        if isinstance(text, str) and (expected := objection(table, name, text)):
            return ConfigurationError(f"{key} has {shown(text)}", place=place, expected=expected)
    return held


def objection(table: str, name: str, text: str) -> str:
    """What is expected instead of a text of the right type that can do harm or mean nothing, else ''."""
    if any(character < " " or character == "\x7f" for character in text):
        return "no control characters"
    if (table, name) in TEXT_FOR_PEOPLE or name.endswith("_subject"):
        try:
            text.encode()
        except UnicodeEncodeError:
            return "text in UTF-8"
    if (table, name) == ("mail", "to") and (not text.strip() or text.startswith("-")):
        return "a mail address, which is not empty and does not begin with -"
    if (table, name) in PATHS and not text.startswith("/") and text != getattr(TABLES[table](), name):
        return "a path from the root, beginning with /"
    if (
        (table, name) == ("check", "sources")
        and text not in {"journal", "-"}
        and not text.removeprefix("multilog:").startswith("/")
    ):
        return "a path from the root, beginning with /, or journal, multilog:DIRECTORY or -"
    return ""


def suggestion(word: str, words: list[str]) -> str:
    """Asks whether the one of `words` that is nearest to `word` was meant; '' if none is near."""
    from difflib import get_close_matches  # noqa: PLC0415 - needed only when there is a mistake

    near = get_close_matches(word.lower(), words, n=1)
    return f'did you mean "{near[0]}"?' if near else ""


def shown(value: object) -> str:
    """A value as TOML has it, on one line, cut short when it is long."""
    match value:
        case bool():
            text = "true" if value else "false"
        case str():
            escaped = value.encode("unicode_escape").decode("ascii") if not value.isprintable() else value.replace("\\", "\\\\")
            text = '"' + escaped.replace('"', '\\"') + '"'
        case list() | tuple():
            text = "[" + ", ".join(shown(item) for item in value) + "]"
        case dict():
            text = "{" + ", ".join(f"{key} = {shown(item)}" for key, item in value.items()) + "}"
        case _:
            text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."
