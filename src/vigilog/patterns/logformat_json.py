r"""Fields as one line of JSON, as mod_kafka writes them: no blanks, no newline, UTF-8 as it is.

Where mod_kafka's JSON is not valid or its session dies, this is valid all the same: every byte below 20 hex is escaped, and
bytes that are no UTF-8 are visible text (`\xe9`). A key stands there once. Whole numbers keep all their digits.
"""

from __future__ import annotations

from collections.abc import Mapping
from json.encoder import encode_basestring

import msgspec

from vigilog.patterns.logformat_forms import Value

_QUICK = msgspec.json.Encoder().encode


def encoded(fields: Mapping[str, Value]) -> bytes:
    """Fields as JSON. Raises ValueError for a number that JSON has no word for."""
    if float not in map(type, fields.values()):
        try:
            return _QUICK(fields)
        except UnicodeEncodeError:
            pass
    made = ",".join([f"{encode_basestring(key)}:{word(value)}" for key, value in fields.items()])
    return f"{{{visible(made)}}}".encode()


def word(value: Value) -> str:
    """A value as JSON has it, fractions with the 16 digits that mod_kafka gives them. Raises ValueError as `encoded` does."""
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, int):
        return str(value).lower()
    made = f"{value:.16g}"
    if not made.strip("0123456789.e+-"):
        return made
    raise ValueError(f"{made} is no number that JSON has")


def visible(made: str) -> str:
    r"""JSON in which bytes that are no UTF-8 (surrogates) became text, such as `\xe9`, its backslash escaped."""
    return "".join(f"\\\\x{ord(one) - 0xDC00:02x}" if "\udc80" <= one <= "\udcff" else one for one in made)
