"""Who is shut out, until when, and who was before.

The firewall is told first and the store afterwards, in the transaction that ends the order, so that what is recorded can
come late: after somebody was let in again. Each lift is therefore kept with its moment, and a ban from before it is recorded
as lifted.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from vigilog.store.database import answered

EVERYTHING = ""
"""In `ban_lifts`: everybody was let in."""


class Banned(NamedTuple):
    """A ban: of a target (an address, or a network as first address and length), from one port ("tcp/22") or from all ('').

    Times are seconds since the epoch; `times` is the how manieth ban of the target it is. Another with the same target,
    port and `since` takes its place: that is how a ban is prolonged.
    """

    target: str
    port: str
    rule: str
    since: float
    until: float
    times: int
    reason: str


class Lifted(NamedTuple):
    """Targets (None: all) were let in again at a moment: bans from before it do not count any more, neither as in force nor
    as the past."""

    targets: tuple[str, ...] | None
    moment: float


def apply(connection: sqlite3.Connection, changes: Iterable[object]) -> None:
    """Stores what happened: Banned and Lifted in their order; what is neither is left to others.

    To be called within a transaction. Raises StoreError.
    """
    for kind, each in groupby(changes, type):
        if kind is Banned:
            record(connection, (change for change in each if isinstance(change, Banned)))
        elif kind is Lifted:
            for change in each:
                assert isinstance(change, Lifted)
                lift(connection, change.targets, change.moment)


def record(connection: sqlite3.Connection, bans: Iterable[Banned]) -> None:
    """Stores bans. Raises StoreError."""
    query = """
        INSERT INTO bans (target, port, since, until, rule, times, reason, lifted)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, (SELECT MAX(moment) FROM ban_lifts WHERE target IN (?1, '') AND moment >= ?3))
        ON CONFLICT (target, port, since) DO UPDATE SET until = excluded.until, rule = excluded.rule, reason = excluded.reason
    """
    rows = [(ban.target, ban.port, ban.since, ban.until, _storable(ban.rule), ban.times, _storable(ban.reason)) for ban in bans]
    with answered(connection):
        connection.executemany(query, rows)


def lift(connection: sqlite3.Connection, targets: Iterable[str] | None, moment: float) -> None:
    """Notes that targets (None: all) were let in again. Raises StoreError."""
    names = [EVERYTHING] if targets is None else list(targets)
    condition = "" if targets is None else " AND target = ?2"
    with answered(connection):
        query = "INSERT INTO ban_lifts VALUES (?1, ?2) ON CONFLICT (target) DO UPDATE SET moment = MAX(moment, ?2)"
        connection.executemany(query, [(name, moment) for name in names])
        query = f"UPDATE bans SET lifted = ?1 WHERE lifted IS NULL AND since <= ?1{condition}"  # noqa: S608
        connection.executemany(query, [(moment,) if targets is None else (moment, name) for name in names])


def in_force(connection: sqlite3.Connection, now: float) -> Iterator[Banned]:
    """The bans that hold at `now`; should two be for the same target and port, the later one comes last. Raises StoreError."""
    query = "SELECT target, port, rule, since, until, times, reason FROM bans WHERE until > ? AND lifted IS NULL"
    with answered(connection):
        same: dict[str, str] = {}  # thousands of bans have the same few rules and reasons: each is kept once
        for target, port, rule, since, until, times, reason in connection.execute(query, (now,)):
            yield Banned(target, port, same.setdefault(rule, rule), since, until, times, same.setdefault(reason, reason))


def begun(connection: sqlite3.Connection, begin: float, end: float) -> Iterator[tuple[Banned, float | None]]:
    """The bans that began from `begin` to before `end`, the oldest first, each with the moment at which it was lifted, if it
    was. Raises StoreError."""
    columns = "target, port, rule, since, until, times, reason, lifted"
    query = f"SELECT {columns} FROM bans WHERE since >= ? AND since < ? ORDER BY since"  # noqa: S608 - constants
    with answered(connection):
        for *ban, lifted in connection.execute(query, (begin, end)):
            yield Banned(*ban), lifted


def count(connection: sqlite3.Connection, now: float) -> int:
    """How many bans hold at `now`. Raises StoreError."""
    with answered(connection):
        row = connection.execute("SELECT COUNT(*) FROM bans WHERE until > ? AND lifted IS NULL", (now,)).fetchone()
    return int(row[0])


def past(connection: sqlite3.Connection, targets: Iterable[str], since: float) -> dict[str, int]:
    """How often each of `targets` was banned so far, if its last ban held at `since` or later; others are not named.

    Whoever was let in again begins anew. Raises StoreError.
    """
    query = """
        SELECT target, MAX(times) FROM bans
        WHERE target IN (SELECT value FROM json_each(?)) AND until >= ? AND lifted IS NULL
        GROUP BY target
    """
    with answered(connection):
        return dict(connection.execute(query, (json.dumps(list(targets)), since)).fetchall())


def lifts(connection: sqlite3.Connection, since: float) -> Mapping[str, float]:
    """When targets (EVERYTHING: all) were let in again, those since a moment. Raises StoreError."""
    with answered(connection):
        return dict(connection.execute("SELECT target, moment FROM ban_lifts WHERE moment >= ?", (since,)).fetchall())


def prune(connection: sqlite3.Connection, before: float) -> int:
    """Forgets bans that ended before a moment, and lifts from before it; gives how many bans they were. Raises StoreError."""
    with answered(connection):
        connection.execute("DELETE FROM ban_lifts WHERE moment < ?", (before,))
        return connection.execute("DELETE FROM bans WHERE until < ?", (before,)).rowcount


def _storable(text: str) -> str:
    """`text` without lone surrogates, which SQLite cannot hold."""
    return text.encode("utf-8", "replace").decode()
