"""The two lines of a request, as mod_log_forensic of Apache httpd 2.4 writes them."""

from __future__ import annotations

from collections.abc import Sequence

from vigilog.ledger.escape import escaped_fields
from vigilog.ledger.headers import Header


def opening(identifier: bytes, request_line: bytes, headers: Sequence[Header]) -> bytes:
    """`+ID|REQUEST-LINE|NAME:VALUE...` and a newline. `identifier` is taken as it is, the rest is escaped here."""
    return b"+%b|%b\n" % (identifier, escaped_fields(request_line, headers))


def closing(identifier: bytes) -> bytes:
    """`-ID` and a newline."""
    return b"-%b\n" % identifier
