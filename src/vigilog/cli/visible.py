"""Text made safe to print."""

from __future__ import annotations


def visible(text: str) -> str:
    """`text` with everything that a terminal would act on, and what cannot be printed, written as an escape."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii") for character in text
    )
