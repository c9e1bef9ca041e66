r"""Fields as one line of JSON, as mod_kafka writes them: no blanks, no newline, UTF-8 as it is.

Where mod_kafka's JSON is not valid or its session dies, this is valid all the same: every byte below 20 hex is escaped, and
bytes that are no UTF-8 are visible text (`\xe9`). A key stands there once. Whole numbers keep all their digits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from json.encoder import encode_basestring

from vigilog.patterns.logformat_forms import Value

Encode = Callable[[Mapping[str, Value]], bytes]


def encoder(keys: Iterable[str]) -> Encode:
    """What makes JSON of fields that have some of `keys`."""
    heads = {key: encode_basestring(key) + ":" for key in keys}

    def encode(fields: Mapping[str, Value]) -> bytes:
        made = ",".join(
            [
                heads[key]
                + (encode_basestring(value) if type(value) is str else str(value) if type(value) is int else other(value))
                for key, value in fields.items()
            ]
        )
        try:
            return f"{{{made}}}".encode()
        except UnicodeEncodeError:
            return f"{{{visible(made)}}}".encode()

    return encode


def other(value: Value) -> str:
    """A value that is neither text nor a whole number. Raises ValueError for a number that JSON has no word for."""
    if value is True or value is False:
        return "true" if value else "false"
    made = f"{value:.16g}"
    if not made.strip("0123456789.e+-"):
        return made
    raise ValueError(f"{made} is no number that JSON has")


def visible(made: str) -> str:
    r"""JSON in which bytes that are no UTF-8 (surrogates) became text, such as `\xe9`, its backslash escaped."""
    return "".join(f"\\\\x{ord(one) - 0xDC00:02x}" if "\udc80" <= one <= "\udcff" else one for one in made)
