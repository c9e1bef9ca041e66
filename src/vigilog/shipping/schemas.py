"""Facts and plain lines as JSON, one line each, in the words of a schema."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol

import msgspec

from vigilog.shipping import ecs, otel
from vigilog.shipping.facts import Fact, text

STANDING = BODY, TIME, OBSERVED = "\0body", "\0time", "\0observed"
"""Stand for what is another in each line; no name of a host or a source has a NUL."""

_encode = msgspec.json.Encoder().encode


class Words(Protocol):
    """A schema: how it has a fact, and a moment (seconds since the epoch)."""

    def told(self, fact: Fact, host: str, moment: Callable[[float], str] = ...) -> dict[str, object]: ...

    def moment(self, seconds: float) -> str: ...


SCHEMAS: dict[str, Words] = {"otel": otel, "ecs": ecs}


def encoded(fact: Fact, host: str, schema: str) -> bytes:
    r"""A fact as JSON. Text that cannot be UTF-8 (surrogates) is visible, as `\xe9`."""
    record = SCHEMAS[schema].told(fact, host)
    try:
        return _encode(record)
    except UnicodeEncodeError:
        return _encode(visible(record))


def visible(value: Any) -> Any:
    """The same value with texts in which bytes that are no UTF-8 are visible."""
    match value:
        case str():
            return text(value.encode("utf-8", "surrogateescape"))
        case dict():
            return {visible(name): visible(inner) for name, inner in value.items()}
        case list() | tuple():
            return [visible(inner) for inner in value]
        case _:
            return value


class LineWriter:
    """Makes records of the plain lines of a source, many at once."""

    def __init__(self, source: str, host: str, schema: str) -> None:
        self._moment = lru_cache(64)(SCHEMAS[schema].moment)
        record = SCHEMAS[schema].told(Fact("line", 0.0, 1.0, BODY, source), host, {0.0: TIME, 1.0: OBSERVED}.__getitem__)
        parts = re.split(b"(" + b"|".join(re.escape(_encode(mark)) for mark in STANDING) + b")", _encode(visible(record)))
        order = parts[1::2]
        self._places = [order.index(_encode(mark)) for mark in (BODY, TIME)]
        self._format = b"%b".join(part.replace(b"%", b"%%") for part in parts[::2])

    def __call__(self, lines: list[bytes], arrived: float, time: Callable[[bytes], float]) -> list[bytes]:
        """A record for each line. They arrived at a moment (seconds since the epoch); `time` gives their own."""
        seen = _encode(self._moment(arrived))
        pieces = [seen, seen, seen]
        form, moment, (body, at) = self._format, self._moment, self._places
        made: list[bytes] = []
        for line in lines:
            pieces[body] = _encode(text(line))
            pieces[at] = _encode(moment(time(line)))
            made.append(form % tuple(pieces))
        return made
