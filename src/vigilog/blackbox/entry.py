"""What a ring keeps of a message until somebody wants to read it.

An entry is a tuple: first the function that renders it, last its arguments (a tuple), before them its text or format; between them
whatever that function needs. So a message below its logger's level costs one tuple, and is rendered if it is ever written.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from operator import itemgetter
from sys import getsizeof
from typing import Any

from vigilog.parse.forensics import Message

Entry = tuple[Any, ...]
"""`(render, ..., text or format, arguments)`. The arguments are a tuple of immutable values (str, bytes, int, float, None ...) that
need a bounded amount of memory."""

Render = Callable[[Entry], Message | None]
"""Makes the message of an entry; None if there is nothing to be said. Must not raise."""

OVERHEAD = 232
"""Bytes that an entry needs besides its text and its arguments: two tuples, a time, its place in the ring."""

_TEXT = itemgetter(-2)
_ARGUMENTS = itemgetter(-1)


def rendered(entry: Entry) -> Message | None:
    """The message of `entry`; one that says so if its function fails."""
    try:
        message: Message | None = entry[0](entry)
    except Exception as error:  # noqa: BLE001 - a host's own __repr__ may raise anything, and its last words must not cost the others
        return Message("Unspec", 0, b"(a message that could not be rendered: %s)" % repr(type(error)).encode())
    return message


def size(entries: list[Entry]) -> int:
    """Bytes of memory that `entries` need, about: text that they share is counted for each of them."""
    return (
        len(entries) * OVERHEAD
        + sum(map(getsizeof, map(_TEXT, entries)))
        + sum(map(getsizeof, chain.from_iterable(map(_ARGUMENTS, entries))))
    )
