"""What can be wrong with a ledger."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["open", "orphan", "early", "reused", "torn", "escape", "crlf"]

MEANING: dict[Kind, str] = {
    "open": "began and did not end",
    "orphan": "ended, and its begin is not there",
    "early": "ended before it began",
    "reused": "the ID was used before",
    "torn": "no whole line",
    "escape": "an escape is damaged, or missing",
    "crlf": "the lines of this file end with CR and LF",
}
"""The kinds of findings."""


class Finding(NamedTuple):
    """One of them: its kind, the ID it is about (empty if none), the file (as it is called), the line in it (from 1), and that
    line as it stands. `note` says more, where there is more to say."""

    kind: Kind
    id: bytes
    file: str
    line: int
    text: bytes
    note: str = ""
