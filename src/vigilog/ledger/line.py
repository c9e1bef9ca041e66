"""The two lines of a request, as mod_log_forensic of Apache httpd 2.4 writes them."""

from __future__ import annotations


def opening(identifier: bytes, fields: bytes) -> bytes:
    """`+ID|FIELDS` and a newline. `fields` are escaped, and `identifier` is taken as it is."""
    return b"".join((b"+", identifier, b"|", fields, b"\n"))


def closing(identifier: bytes) -> bytes:
    """`-ID` and a newline."""
    return b"".join((b"-", identifier, b"\n"))
