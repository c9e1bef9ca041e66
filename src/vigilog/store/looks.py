"""What those who only look want to know of the store: `vigilog web` and `vigilog top`. Nothing here writes, and each question
is short: a reader that stays holds up the shortening of SQLite's log."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import NamedTuple
from urllib.parse import quote

from msgspec import Raw
from msgspec.msgpack import Decoder

from vigilog.core.errors import StoreError
from vigilog.core.nouns import Place
from vigilog.store.bans import Banned
from vigilog.store.database import NAME, answered
from vigilog.store.events import Counted, Row
from vigilog.store.schema import APPLICATION, STEPS
from vigilog.store.words import told

_PATIENCE = 2.0


class Noted(NamedTuple):
    """An alert without its proof: its number, trigger, class and key, when it was crossed and raised (seconds since the epoch),
    by how many events, and the fields of the last of them."""

    number: int
    rule: str
    kind: str
    key: tuple[str, ...]
    time: float
    raised: float
    events: int
    fields: dict[str, str]


class Ban(NamedTuple):
    """A ban, and when it was lifted (None: it was not)."""

    ban: Banned
    lifted: float | None


_events = Decoder(list[Row]).decode
_key = Decoder(list[bytes]).decode
_fields = Decoder(tuple[Raw, dict[str, bytes], Raw]).decode


@contextmanager
def looking(directory: str) -> Iterator[sqlite3.Connection]:
    """The store in `directory`, for reading. Raises StoreError if it is not there, not readable, or of another version."""
    path = os.path.join(os.path.abspath(directory), NAME)
    try:
        os.stat(path)
    except OSError as error:
        found = "there is no store yet" if isinstance(error, FileNotFoundError) else f"may not be read: {error.strerror}"
        remedy = "`vigilog run` makes it; run this as the same user"
        raise StoreError(found, place=Place(path), remedy=remedy) from error
    with answered(path), closing(sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, timeout=_PATIENCE)) as connection:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION or version != len(STEPS):
            raise StoreError(
                f"a store of version {version}",
                place=Place(path),
                expected=f"version {len(STEPS)} of Vigilog's store",
                remedy="run the same version as `vigilog run`",
            )
        yield connection


def version(connection: sqlite3.Connection) -> int:
    """A number that is another one when somebody has written since this connection last asked."""
    with answered(connection):
        number: int = connection.execute("PRAGMA data_version").fetchone()[0]
    return number


def noted(connection: sqlite3.Connection, after: int, limit: int) -> list[Noted]:
    """The first `limit` alerts with a number above `after`, in their order. Raises StoreError."""
    query = "SELECT number, rule, kind, key, time, raised, events, count FROM alerts WHERE number > ? ORDER BY number LIMIT ?"
    found = []
    with answered(connection):
        for number, rule, kind, key, time, raised, proof, count in connection.execute(query, (after, limit)):
            fields = {name: value.decode("utf-8", "surrogateescape") for name, value in _fields(proof)[1].items()}
            found.append(Noted(number, rule, kind, tuple(map(told, _key(key))), time, raised, count or 1, fields))
    return found


def alert_numbers(connection: sqlite3.Connection) -> set[int]:
    """The numbers of all alerts that are there. Raises StoreError."""
    with answered(connection):
        return {number for (number,) in connection.execute("SELECT number FROM alerts INDEXED BY alerts_by_time")}


def counted_after(connection: sqlite3.Connection, number: int, rows: int) -> list[Counted]:
    """The events above `number`, in their order; those of `rows` rows of the table at most, so that one may go on. None: there
    are no more. Raises StoreError."""
    # a row that begins at or before the number can hold events above it: what is kept is packed together again
    query = """
        SELECT events FROM events
        WHERE first >= coalesce((SELECT max(first) FROM events WHERE first <= ?1), 0) AND last > ?1 ORDER BY first LIMIT ?2
    """
    with answered(connection):
        found = connection.execute(query, (number, rows)).fetchall()
    return [Counted._make(event) for (data,) in found for event in _events(data) if event[0] > number]


def bans_of(connection: sqlite3.Connection, targets: Iterable[str]) -> list[Ban]:
    """All bans of these targets that are known, the last first. Raises StoreError."""
    names = list(targets)
    marks = ",".join("?" * len(names))
    query = f"{_BANS} WHERE target IN ({marks}) ORDER BY since DESC"
    with answered(connection):
        return [_ban(row) for row in connection.execute(query, names)]


def bans_in_force(connection: sqlite3.Connection, now: float, limit: int, text: str = "") -> list[Ban]:
    """The last `limit` bans that hold at `now`, the last first; with `text` those whose target or rule has it in it. Raises
    StoreError."""
    query = f"""{_BANS} WHERE until > ?1 AND lifted IS NULL AND (?2 = '' OR instr(target, ?2) OR instr(rule, ?2))
        ORDER BY since DESC LIMIT ?3"""
    with answered(connection):
        return [_ban(row) for row in connection.execute(query, (now, text, limit))]


def bans_over(connection: sqlite3.Connection, now: float, limit: int) -> list[Ban]:
    """The last `limit` bans that hold no more. Raises StoreError."""
    query = f"{_BANS} WHERE until <= ?1 OR lifted IS NOT NULL ORDER BY since DESC LIMIT ?2"
    with answered(connection):
        return [_ban(row) for row in connection.execute(query, (now, limit))]


def reports(connection: sqlite3.Connection, limit: int) -> list[tuple[int, float, str, str, str]]:
    """The last `limit` reports, the last first: number, when it was made, host, subject, status. Raises StoreError."""
    query = "SELECT id, created, host, subject, status FROM reports ORDER BY id DESC LIMIT ?"
    with answered(connection):
        rows = connection.execute(query, (limit,)).fetchall()
    return [(number, created, told(host), told(subject), status) for number, created, host, subject, status in rows]


_BANS = "SELECT target, port, rule, since, until, times, reason, lifted FROM bans"


def _ban(row: tuple[str, str, str, float, float, int, str, float | None]) -> Ban:
    return Ban(Banned(*row[:7]), row[7])
