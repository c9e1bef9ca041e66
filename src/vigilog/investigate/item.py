"""What is known about a subject, piece by piece: the entries of a timeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

Kind = Literal["line", "block", "request", "alert", "action", "ban", "unban"]
"""A line of a log; a block of a black box; a request in a ledger; and what Vigilog raised and did."""

Meaning = Literal["", "failed", "login", "probe", "unfinished", "followed"]
"""What a line means, as far as a rule knows it: an attempt that failed, a good login, a connection that tries nothing,
a request that never ended, something that a session did after its login."""


class Where(NamedTuple):
    """Where the bytes of an entry stood: the source's name, the file, and the first byte and how many (of what it unpacks to,
    if it is `packed`; the last newline is not counted). `position` stands in the place of a file where there is none:
    the journal."""

    source: str
    path: str
    device: int
    inode: int
    offset: int
    length: int
    packed: bool
    position: str = ""


class Item(NamedTuple):
    """One entry. `time` is seconds since the epoch; `stamped` says that it is the entry's own time. `text` are the bytes as
    they stood, or what Vigilog says. `attempts` are the logins that it tells of. `again` says that the same line is in another
    log, where it was counted. `before` and `after` are the lines around it, if they were asked for."""

    time: float
    kind: Kind
    source: str
    text: bytes
    meaning: Meaning = ""
    rule: str = ""
    fields: Mapping[str, str] = {}
    where: Where | None = None
    stamped: bool = True
    attempts: int = 0
    again: bool = False
    before: tuple[bytes, ...] = ()
    after: tuple[bytes, ...] = ()
