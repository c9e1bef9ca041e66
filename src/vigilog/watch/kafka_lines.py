"""What of a record in Kafka is the line."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec

from vigilog.parse.syslog_message import escape


def line_of(field: str) -> Callable[[bytes], bytes]:
    """A function that gives the line which the value of a record is, without a newline at its end.

    With a `field` that is what stands under this name in the value, a JSON object: a text as it is, anything else as JSON. A
    dot may be part of the name or lead into an object within the object. A value without it, or that is no JSON object, is
    the line as a whole. Line breaks and NUL become `#012` and so on, so that nobody forges a second line; those at the end are
    dropped.
    """
    if not field:
        return _one_line
    decode = _text_decoder(field)

    def found(value: bytes) -> bytes:
        try:
            text = decode(value)
        except (ValueError, RecursionError):
            text = None
        if text is None:
            text = _anything(value, field)
        return _one_line(value if text is None else _encoded(text))

    return found


def _one_line(value: bytes) -> bytes:
    return escape(value.rstrip(b"\r\n\0"))


def _text_decoder(field: str) -> Callable[[bytes], str | None]:
    """Gives a text directly under the name: most values have it there, and nothing else of them is made an object."""
    shape = msgspec.defstruct("Value", [("line", str | None, None)], rename={"line": field}, gc=False)
    decoder = msgspec.json.Decoder(shape)

    def decode(value: bytes) -> str | None:
        line: str | None = decoder.decode(value).line  # type: ignore[attr-defined]
        return line

    return decode


def _anything(value: bytes, field: str) -> str | None:
    """The same for what is no text, lies deeper, or has halves of characters, which only Python's reader takes."""
    try:
        content = json.loads(value)
        found = _under(content, field)
    except (ValueError, RecursionError):
        return None
    return found if found is None or isinstance(found, str) else json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def _under(content: Any, field: str) -> Any:
    """What stands under a name, or under its parts one inside the other; None: nothing."""
    if not isinstance(content, dict):
        return None
    if field in content:
        return content[field]
    for name, inner in content.items():
        if field.startswith(f"{name}.") and (found := _under(inner, field[len(name) + 1 :])) is not None:
            return found
    return None


def _encoded(text: str) -> bytes:
    """Bytes that were no UTF-8 come back as they were where they were written as Python does (surrogateescape)."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace")
