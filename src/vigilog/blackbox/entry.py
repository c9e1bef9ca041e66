"""What a ring in memory keeps of a message until somebody wants to read it.

An entry is a tuple whose first item is the function that renders it; what else is in it is that function's business. So a
message below its logger's level costs one tuple, and becomes text only if it is written.
"""

from __future__ import annotations

from typing import Any

from vigilog.parse.forensics import Message

Entry = tuple[Any, ...]
"""`(render, ...)`: `render(entry)` gives the Message, or None if there is nothing to be said. Whatever else is in the entry
must be immutable, for it is looked at long after."""

OVERHEAD = 256
"""Bytes that an entry needs besides its text and its arguments, about: two tuples, a time, its places in the ring."""


def rendered(entry: Entry) -> Message | None:
    """The message of `entry`; one that says so if its function fails."""
    try:
        message: Message | None = entry[0](entry)
    except Exception as error:  # noqa: BLE001 - a host's own code may raise anything, and one message must not cost the others
        return Message("Unspec", 0, f"(a message could not be rendered: {type(error).__name__})".encode())
    return message
