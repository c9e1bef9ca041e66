"""What was counted: the events of `vigilog run`, from which its windows are built again at a start.

Windows themselves are not stored: appending events is many times faster than changing them in place.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from vigilog.store.database import answered
from vigilog.store.words import stored, told


class Counted(NamedTuple):
    """An event as it is stored. `key` are the values it is counted under, `clears` says that it ends the count of its key;
    `time` and `arrived` are seconds since the epoch."""

    number: int
    rule: str
    clears: bool
    key: tuple[bytes, ...]
    time: float
    arrived: float
    source: str
    line: bytes


def add_events(connection: sqlite3.Connection, events: Iterable[Counted]) -> None:
    """Appends events, whose numbers are new. To be called within a transaction. Raises StoreError."""
    rows = [
        (number, rule, clears, _packed(key), time, arrived, stored(source), line)
        for number, rule, clears, key, time, arrived, source, line in events
    ]
    if rows:
        with answered(connection):
            connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)


def last_number(connection: sqlite3.Connection) -> int:
    """The greatest number of an event, 0 if there is none. Raises StoreError."""
    with answered(connection):
        found: int | None = connection.execute("SELECT max(number) FROM events").fetchone()[0]
    return found or 0


def all_events(connection: sqlite3.Connection) -> Iterator[Counted]:
    """All that is stored, in the order in which it was counted. Raises StoreError."""
    with answered(connection):
        for row in connection.execute("SELECT * FROM events ORDER BY number"):
            yield _counted(row)


def events(connection: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, Counted]:
    """The events of these numbers, as far as they are there. Raises StoreError."""
    query = "SELECT * FROM events WHERE number IN (SELECT value FROM json_each(?))"
    with answered(connection):
        return {row[0]: _counted(row) for row in connection.execute(query, (json.dumps(list(numbers)),))}


def forget_events(connection: sqlite3.Connection, rule: str, *, before: float | None, keep: int) -> int:
    """Forgets events of a rule that arrived before `before` (seconds since the epoch; None: however old they are), and all
    but the last `keep`. Gives how many they were. Raises StoreError."""
    with answered(connection):
        count = 0
        if before is not None:
            query = "DELETE FROM events WHERE rule = ? AND arrived < ?"
            count += connection.execute(query, (rule, before)).rowcount
        query = "SELECT number FROM events WHERE rule = ? ORDER BY number DESC LIMIT 1 OFFSET ?"
        oldest = connection.execute(query, (rule, keep)).fetchone()
        if oldest is not None:
            count += connection.execute("DELETE FROM events WHERE rule = ? AND number <= ?", (rule, oldest[0])).rowcount
    return count


def forget_rules(connection: sqlite3.Connection, known: Iterable[str]) -> int:
    """Forgets the events of every rule that is not `known`. Gives how many they were. Raises StoreError."""
    query = "DELETE FROM events WHERE rule NOT IN (SELECT value FROM json_each(?))"
    with answered(connection):
        return connection.execute(query, (json.dumps(list(known)),)).rowcount


def _packed(key: tuple[bytes, ...]) -> bytes:
    return key[0] if len(key) == 1 else b"\n".join(key)


def _counted(row: tuple[int, str, int, bytes, float, float, bytes, bytes]) -> Counted:
    number, rule, clears, key, time, arrived, source, line = row
    return Counted(number, rule, bool(clears), tuple(key.split(b"\n")) if key else (), time, arrived, told(source), line)
