"""What was counted: the events of `vigilog run`, from which its windows are built again at a start.

Windows themselves are not stored: appending events is many times faster than changing them in place, and appending some
hundreds of them as one row is faster still (3 µs for a row of its own, 0.5 µs in company).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from msgspec.msgpack import Decoder, encode

from vigilog.store.database import answered

COMPANY = 256
"""So many events are a row together, at most."""

Row = tuple[int, str, bool | None, bytes, float, float, bytes, bytes]
"""An event as Counted has it, made a hundred thousand times a second."""


class Counted(NamedTuple):
    """An event as it is stored. `number` only grows; `key` are the values it is counted under (`packed`), `clears` says that it
    ends the count of its key (None: that the key raised an alert and is silent since); `time` and `arrived` are seconds since
    the epoch; `source` is a name (`words.stored`)."""

    number: int
    rule: str
    clears: bool | None
    key: bytes
    time: float
    arrived: float
    source: bytes
    line: bytes


_decode = Decoder(list[Row]).decode


def packed(key: tuple[bytes, ...]) -> bytes:
    """The values of a key as one; none of them holds a newline."""
    return b"\n".join(key)


def unpacked(key: bytes) -> tuple[bytes, ...]:
    """The values again. (A key of one empty value does not exist: nothing would be counted.)"""
    return tuple(key.split(b"\n")) if key else ()


def add_events(connection: sqlite3.Connection, events: Iterable[Row]) -> None:
    """Appends events, whose numbers are new and ascend. To be called within a transaction. Raises StoreError."""
    following = iter(events)
    rows = []
    while some := list(islice(following, COMPANY)):
        rows.append((some[0][0], some[-1][0], len(some), max(event[5] for event in some), encode(some)))
    with answered(connection):
        connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?)", rows)


def last_number(connection: sqlite3.Connection) -> int:
    """The greatest number of an event, 0 if there is none. Raises StoreError."""
    with answered(connection):
        found: int | None = connection.execute("SELECT max(last) FROM events").fetchone()[0]
    return found or 0


def all_events(connection: sqlite3.Connection) -> Iterator[Counted]:
    """All that is stored, in the order in which it was counted. Raises StoreError."""
    with answered(connection):
        for (data,) in connection.execute("SELECT events FROM events ORDER BY first"):
            yield from map(Counted._make, _decode(data))


def events(connection: sqlite3.Connection, numbers: Iterable[int]) -> dict[int, Counted]:
    """The events of these numbers, as far as they are there. Raises StoreError."""
    query = "SELECT first, events FROM events WHERE first <= ? ORDER BY first DESC LIMIT 1"
    wanted = sorted(set(numbers))
    found: dict[int, Counted] = {}
    with answered(connection):
        while wanted:
            row = connection.execute(query, (wanted[-1],)).fetchone()
            if row is None:
                break
            here = set()
            while wanted and wanted[-1] >= row[0]:
                here.add(wanted.pop())
            found.update((event[0], Counted._make(event)) for event in _decode(row[1]) if event[0] in here)
    return found


def forget_events(connection: sqlite3.Connection, needed: Collection[int], silent: Collection[int] = ()) -> int:
    """Forgets all events but those whose numbers are `needed`, which must be all that any window holds: what ended a count is
    none of them, nor what it ended. `silent` are those that are the last of a silent key. Gives how many were forgotten.

    To be called within a transaction. Raises StoreError.
    """
    stored = counted(connection)
    query = "SELECT first, events FROM events WHERE first > ? ORDER BY first LIMIT 16"
    kept: list[Row] = []
    at = 0
    with answered(connection):
        while rows := connection.execute(query, (at,)).fetchall():
            connection.execute("DELETE FROM events WHERE first BETWEEN ? AND ?", (rows[0][0], rows[-1][0]))
            at = rows[-1][0]
            for _, data in rows:
                here = [event for event in _decode(data) if event[0] in needed]
                kept += [(*event[:2], None, *event[3:]) if event[0] in silent else event for event in here]
            whole = len(kept) // COMPANY * COMPANY
            add_events(connection, kept[:whole])
            del kept[:whole]
        add_events(connection, kept)
    return stored - counted(connection)


def counted(connection: sqlite3.Connection) -> int:
    """How many events are stored. Raises StoreError."""
    with answered(connection):
        number: int = connection.execute("SELECT coalesce(sum(count), 0) FROM events").fetchone()[0]
    return number
