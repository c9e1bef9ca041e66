r"""Requests that never ended as lines: one for each, in the form of syslog, so that whatever reads logs can read them.

    2026-11-20T08:17:42+00:00 host ledger[10635]: UNFINISHED: why=gone id="10635:6b000226:203" method="GET" path="/slow"
        protocol="HTTP/1.1" host="www.example.test" user_agent="slow/1.0"

(One line.) The time is that at which the request began, the number that of its process, as far as its ID tells them (else 0).
`why` is `gone` (its process is), `old` (it has been open for long) or `many` (more are open than are kept in mind). What
comes from outside stands in quotes, in which `"`, `\` and everything that is no printable ASCII is spelled `\xhh`.
"""

from __future__ import annotations

import re
from typing import Literal

from vigilog.core.clock import local
from vigilog.parse.forensic_id import made
from vigilog.parse.forensic_line import forensic_line, header, request_of
from vigilog.parse.forensic_pairs import Begun

LONGEST = 1024
"""Bytes of a value that are shown."""
Why = Literal["gone", "old", "many"]

_UNSAFE = re.compile(rb"[^ !#-\[\]-~]")


def record(begun: Begun, why: Why, host: str) -> bytes:
    """The line about a request on a host, with its newline."""
    found = made(begun.id)
    line = forensic_line(begun.line)
    values = {b"id": begun.id}
    if line and line.has_request:
        words = request_of(line.request)
        values |= {b"method": words.method, b"path": words.target, b"protocol": words.protocol}
        for name, key in ((b"Host", b"host"), (b"User-Agent", b"user_agent")):
            value = header(line, name)
            if value is not None:
                values[key] = value
    stamp = local(begun.since).isoformat(timespec="seconds")
    head = f"{stamp} {host} ledger[{(found and found.pid) or 0}]: UNFINISHED: why={why}"
    return head.encode() + b"".join(b' %s="%s"' % (key, safe(value)) for key, value in values.items()) + b"\n"


def safe(value: bytes) -> bytes:
    """A value as it stands in quotes."""
    return _UNSAFE.sub(lambda found: b"\\x%02x" % ord(found[0]), value[:LONGEST])
