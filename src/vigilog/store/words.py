"""Text that came from file names: it may hold bytes that are not UTF-8, which SQLite's text cannot."""

from __future__ import annotations


def stored(text: str) -> bytes:
    """`text` as it is stored: any text there is, readable where it is UTF-8."""
    return text.encode("utf-8", "surrogatepass")


def told(value: bytes) -> str:
    """What was stored, as text again."""
    return value.decode("utf-8", "surrogatepass")
