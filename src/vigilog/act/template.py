"""One line of text with values in it: `{time:%H:%M} {name} {key}`. What a log can put into it cannot end the line."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from vigilog.core.clock import local
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Event, Order
from vigilog.core.visible import shown, shown_bytes

TIME = "%Y-%m-%d %H:%M:%S"
NOTHING = "-"
"""Stands where there is no value."""

Value = Callable[[Order], str]
_PIECE = re.compile(r"\{\{|\}\}|\{(?P<name>[^{}:]*)(?::(?P<form>[^{}]*))?\}|(?P<stray>[{}])")


def _last(order: Order) -> Event | None:
    return order.alert.events[-1] if order.alert.events else None


def _message(order: Order) -> str:
    event = _last(order)
    return shown_bytes(event.line) if event else NOTHING


def _done(order: Order) -> str:
    return NOTHING if order.of is None else "done" if order.of.done else "not done"


FIXED: dict[str, Value] = {
    "name": lambda order: shown(order.alert.rule),
    "key": lambda order: shown(", ".join(order.alert.key)) or NOTHING,
    "message": _message,
    "count": lambda order: str(order.alert.count),
    "action": lambda order: shown(order.of.order.action) if order.of else NOTHING,
    "done": _done,
    "reason": lambda order: shown(order.of.reason) if order.of else NOTHING,
}
"""What every template may name, besides `time`: the rule, its key, the line that crossed the threshold, how many lines were
counted; and of an outcome the action, `done` or `not done`, and why."""


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was found good: texts and values in turn."""

    pieces: tuple[Value, ...]

    def line(self, order: Order) -> str:
        """The line for `order`, without a newline and without control characters."""
        return "".join(piece(order) for piece in self.pieces)


def template(text: str, fields: Collection[str]) -> Template:
    """Reads a template. `fields` are the names of fields that it may use besides the fixed names, which go before them.

    `{{` and `}}` are braces; `{time:FORM}` is the alert's time as strftime has it, in this machine's zone. Raises
    ConfigurationError for an unknown name, a stray brace, a form where there is none, and for more than one line.
    """
    if shown(text.replace("\t", " ")) != text.replace("\t", " "):
        raise ConfigurationError("a template with a control character", expected="one line of text")
    pieces: list[Value] = []
    at = 0
    for piece in _PIECE.finditer(text):
        pieces.append(_text(text[at : piece.start()]))
        pieces.append(_value(piece, fields))
        at = piece.end()
    return Template((*pieces, _text(text[at:])))


def _value(piece: re.Match[str], fields: Collection[str]) -> Value:
    if piece["stray"]:
        raise ConfigurationError(f"a stray {piece['stray']} in the template", remedy=f"write {piece['stray'] * 2} for a brace")
    name, form = piece["name"], piece["form"]
    if name is None:
        return _text(piece[0][0])
    if name == "time":
        return _time(form or TIME)
    if form is not None:
        raise ConfigurationError(f"{piece[0]} in the template", expected="a form for {time} only")
    if name in FIXED:
        return FIXED[name]
    if name in fields:
        return _field(name)
    known = ", ".join(["time", *FIXED, *sorted(fields)])
    raise ConfigurationError(f"the unknown name {{{name}}} in the template", expected=f"one of {known}")


def _text(text: str) -> Value:
    return lambda _order: text


def _time(form: str) -> Value:
    try:
        datetime(2000, 1, 1).strftime(form)  # noqa: DTZ001 - any time will do
    except ValueError as error:
        raise ConfigurationError(f"the form {form!r} in the template: {error}", expected="what strftime knows") from error
    return lambda order: shown(local(order.alert.time).strftime(form))


def _field(name: str) -> Value:
    def value(order: Order) -> str:
        event = _last(order)
        return shown(event.fields.get(name, NOTHING)) if event else NOTHING

    return value
