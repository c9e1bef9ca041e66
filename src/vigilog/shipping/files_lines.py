"""Blocks of lines → values and keys of records: by a LogFormat, the lines that it has not written as messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, cast

from vigilog.core.errors import ConfigurationError
from vigilog.patterns.logformat import NAMED, Dialect, LogFormat, named
from vigilog.patterns.logformat_bulk import Converter
from vigilog.patterns.logformat_choice import either
from vigilog.patterns.logformat_json import encoded

MESSAGE = "message"
"""The field of a line that the template has not written."""


class Batch(NamedTuple):
    """What a block came to: the records' values and keys (None where nothing is keyed), how many lines there were, and those of
    them that were not understood. Those are among the values as messages, unless they go elsewhere."""

    values: list[bytes]
    keys: list[bytes | None] | None
    lines: int
    strange: list[bytes]


Convert = Callable[[bytes], Batch]


def compiled(text: str, dialect: Dialect | None) -> LogFormat:
    """The template that a user names: a well-known name, or a template of a dialect, or of whichever knows it. Raises RuleError
    for a mistake in it, and for one whose lines cannot be taken apart."""
    known = NAMED.get(text)
    if known and dialect in (None, known[1]):
        template = named(text)
    else:
        template = LogFormat(text, dialect or next(iter(either(text, None))))
    template.read  # noqa: B018 - makes what takes lines apart, or refuses to
    return template


def conversion(template: LogFormat, key: str | None, *, strange_apart: bool) -> Convert:
    """What makes records of a block of lines. With `strange_apart`, lines that were not understood are no records.

    Raises ConfigurationError for a key that the template does not have.
    """
    if key is not None and key not in template.keys:
        raise ConfigurationError(f"the format has no field {key}", expected=f"one of {', '.join(template.keys)}")
    convert = Converter(template, key)

    def converted(block: bytes) -> Batch:
        keys, values = convert(block)
        lines = len(values)
        strange: list[bytes] = []
        if None in values:
            written = block.split(b"\n")
            strange = [line for line, value in zip(written, values, strict=False) if value is None]
            if strange_apart:
                understood = [number for number, value in enumerate(values) if value is not None]
                keys, values = [keys[number] for number in understood], [values[number] for number in understood]
            else:
                values = [message(line) if value is None else value for line, value in zip(written, values, strict=False)]
        return Batch(cast("list[bytes]", values), keys if key else None, lines, strange)

    return converted


def message(line: bytes) -> bytes:
    """A line that was not understood, as JSON."""
    return encoded({MESSAGE: line.decode("utf-8", "surrogateescape")})
