"""How the value of a variable is found in an event, and how its text is made: the parts that dialects' tables are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vigilog.patterns.logformat_forms import Event, Value, number, text

Take = Callable[[Event], Value | None]
Write = Callable[[Event], str]


def named(key: str) -> Callable[[Event], Any]:
    """The value under `key` itself."""
    return lambda event: event.get(key)


def nested(key: str, group: str, name: str) -> Callable[[Event], Any]:
    """The value under `key`, or else `name` of the mapping under `group`, in whatever case the mapping has it."""
    lowered = name.lower()

    def take(event: Event) -> Any:
        own = event.get(key)
        if own is not None:
            return own
        members = event.get(group)
        if not isinstance(members, Mapping):
            return None
        found = members.get(name)
        if found is None:
            found = members.get(lowered)
        if found is None:
            found = next((value for each, value in members.items() if text(each).lower() == lowered), None)
        return found

    return take


def exactly(key: str, group: str, name: str) -> Callable[[Event], Any]:
    """The value under `key`, or else `name` of the mapping under `group`, in that case."""

    def take(event: Event) -> Any:
        own = event.get(key)
        members = event.get(group) if own is None else None
        return members.get(name) if isinstance(members, Mapping) else own

    return take


def or_else(take: Callable[[Event], Any], other: Callable[[Event], Any]) -> Callable[[Event], Any]:
    """What `take` gives, or else what `other` does."""

    def first(event: Event) -> Any:
        found = take(event)
        return other(event) if found is None else found

    return first


def text_under(key: str) -> Take:
    """The value under `key` as JSON's text."""

    def taken(event: Event) -> str | None:
        value = event.get(key)
        return value if value is None or type(value) is str else text(value)

    return taken


def number_under(key: str) -> Take:
    """The value under `key` as JSON's number."""

    def taken(event: Event) -> int | float | None:
        value = event.get(key)
        return value if value is None or type(value) is int else number(value)

    return taken


def as_text(take: Callable[[Event], Any]) -> Take:
    """The value as JSON's text."""

    def taken(event: Event) -> str | None:
        value = take(event)
        return value if value is None or type(value) is str else text(value)

    return taken


def as_number(take: Callable[[Event], Any]) -> Take:
    """The value as JSON's number."""

    def taken(event: Event) -> int | float | None:
        value = take(event)
        return value if value is None or type(value) is int else number(value)

    return taken


def as_flag(take: Callable[[Event], Any]) -> Take:
    """The value as JSON's true or false."""

    def taken(event: Event) -> bool | None:
        value = take(event)
        return None if value is None else bool(value)

    return taken


def written(take: Take, absent: str, write: Callable[[Any], str]) -> Write:
    """The text of a value: `write` makes it, `absent` stands for none."""

    def made(event: Event) -> str:
        value = take(event)
        return absent if value is None else write(value)

    return made


def text_written(key: str, absent: str, write: Callable[[str], str]) -> Write:
    """`written` of the text under `key`, in one call less for each event."""

    def made(event: Event) -> str:
        value = event.get(key)
        if value is None:
            return absent
        return write(value if type(value) is str else text(value))

    return made


def number_written(key: str, absent: str) -> Write:
    """`written` of the number under `key`, with all its digits."""

    def made(event: Event) -> str:
        value = event.get(key)
        if value is None:
            return absent
        return str(value if type(value) is int else number(value))

    return made


def plain(value: str) -> str:
    """Text as ProFTPD writes it: as it is. Only a line feed, which no command can carry to it, becomes `#012`: an event is one
    line."""
    return value.replace("\n", "#012") if "\n" in value else value
