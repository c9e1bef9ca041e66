"""How a LogFormat variable stands in a line, and what it stands for: the nouns of all dialects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

Event = Mapping[str, Any]
"""Named values: the keys of mod_kafka's table, `time` (seconds since the epoch), and `notes`, `env`, `headers` and the like
as mappings of their own. Texts are str (bytes that are no UTF-8 as surrogates) or bytes. None is as good as not there."""

Value = str | int | float | bool
DIGITS = frozenset("0123456789")


class Form(NamedTuple):
    """How a value is written. `shape` is an expression for all texts it can have, `longest` bytes at most ('' is free text:
    anything), `starts` are the bytes such a text begins with and `holds` those that can go on with it; empty where its end is
    always the same number of bytes away."""

    type: Literal["text", "number", "flag"]
    shape: str = ""
    starts: frozenset[str] = frozenset()
    holds: frozenset[str] = frozenset()
    read: Callable[[str], Value] | None = None


class Variable(NamedTuple):
    """One variable of a template. `take` gives its value in an event (None: absent), as JSON has it, `write` its text.
    `absent` is the text that stands for no value; None where there always is one. `marked` is the byte that a free text always
    begins with, if it is there at all. `conditional` says that it may be absent though the event has it."""

    written: str
    column: int
    key: str
    form: Form
    absent: str | None
    take: Callable[[Event], Value | None]
    write: Callable[[Event], str]
    marked: str = ""
    conditional: bool = False


Item = str | Variable
"""A piece of a template: text as it stands in each line, or a variable."""


def text(value: object) -> str:
    """A value as text; bytes that are no UTF-8 become surrogates."""
    if type(value) is str:
        return value
    return bytes(value).decode("utf-8", "surrogateescape") if isinstance(value, bytes | bytearray | memoryview) else str(value)


def number(value: Any) -> int | float:
    """A value as a number, without a fraction where it has none. Raises ValueError or TypeError if it is none."""
    if type(value) is int:
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    return int(value)


def fraction(written: str) -> int | float:
    """A decimal fraction as a number."""
    return number(float(written))


def flag(written: str) -> bool:
    """`true` or `false`."""
    return written == "true"


TEXT = Form("text")
NUMBER = Form("number", "-?[0-9]{1,20}", DIGITS | {"-"}, DIGITS, int)
FRACTION = Form("number", r"[0-9]{1,20}\.[0-9]{3}", DIGITS, frozenset(), fraction)
THREE_DIGITS = Form("number", "[0-9]{3}", DIGITS, frozenset(), int)
SIX_DIGITS = Form("number", "[0-9]{6}", DIGITS, frozenset(), int)
FLAG = Form("flag", "true|false", frozenset("tf"), frozenset(), flag)
