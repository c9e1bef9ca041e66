"""Text as bytes, whatever is in it."""

from __future__ import annotations


def encoded(text: str) -> bytes:
    r"""`text` as UTF-8. Surrogates that stand for bytes become these bytes, others `\\ud800`."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace")
