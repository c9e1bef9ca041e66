"""Reports between their making and their delivery, and for a while after it.

A report is stored in the transaction that moves the positions past its lines, then delivered, then marked. Killed in between,
it is still pending: the next run delivers it again, and knows from `attempts` whether a delivery had begun.

Its lines are a file of their own beside the database (see `lines`).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from vigilog.core.errors import StoreError
from vigilog.store import lines
from vigilog.store.database import answered, directory_of, transaction
from vigilog.store.words import stored, told

Status = Literal["pending", "delivered"]

_SELECT = "SELECT id, created, host, subject, kind, status, attempts, attempted_at, delivered_at, meta FROM reports"


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A report without its lines. Times are seconds since the epoch; `attempts` is how many deliveries were begun, the last
    at `attempted_at`; `meta` is what its maker needs to print it again."""

    id: int
    created: float
    host: str
    subject: str
    kind: str
    status: Status
    attempts: int
    attempted_at: float | None
    delivered_at: float | None
    meta: Mapping[str, object]


def add_report(
    connection: sqlite3.Connection,
    *,
    created: float,
    host: str,
    subject: str,
    kind: str,
    meta: Mapping[str, object],
    sections: Iterable[Iterable[bytes]],
) -> int:
    """Stores a pending report; gives its number. `meta` is plain JSON, `sections` are the lines of each section as blocks of
    whole lines. To be called within the transaction that moves the positions past these lines. Raises StoreError.
    """
    row = (created, stored(host), stored(subject), kind, json.dumps(meta))
    with answered(connection):
        cursor = connection.execute(
            "INSERT INTO reports (created, host, subject, kind, meta) VALUES (?, ?, ?, ?, ?) RETURNING id", row
        )
        number: int = cursor.fetchone()[0]
        extents = lines.write(directory_of(connection), number, sections)
        rows = [(number, section, *extent) for section, extent in enumerate(extents)]
        connection.executemany("INSERT INTO sections VALUES (?, ?, ?, ?)", rows)
    return number


def section_lines(connection: sqlite3.Connection, report: int, section: int) -> Iterator[bytes]:
    """The lines of a section in order, as blocks of whole lines, one in memory at a time; none if there is no such section.

    Raises StoreError. The store can be written while they are read.
    """
    query = "SELECT start, length FROM sections WHERE report = ? AND section = ?"
    with answered(connection):
        extent = connection.execute(query, (report, section)).fetchone()
    if extent is not None:
        yield from lines.read(directory_of(connection), report, *extent)


def pending(connection: sqlite3.Connection) -> list[StoredReport]:
    """Reports that were not delivered, or of which it is not known, the oldest first. Raises StoreError."""
    with answered(connection):
        rows = connection.execute(f"{_SELECT} WHERE status = 'pending' ORDER BY id").fetchall()
    return [_report(row) for row in rows]


def stored_report(connection: sqlite3.Connection, report: int) -> StoredReport:
    """The report with that number. Raises StoreError, also if there is none."""
    with answered(connection):
        row = connection.execute(f"{_SELECT} WHERE id = ?", (report,)).fetchone()
    if row is None:
        raise StoreError(f"there is no report {report}")
    return _report(row)


def mark_attempt(connection: sqlite3.Connection, report: int, moment: float) -> None:
    """Notes that a delivery begins now. To be committed before it does. Raises StoreError."""
    with answered(connection):
        connection.execute("UPDATE reports SET attempts = attempts + 1, attempted_at = ? WHERE id = ?", (moment, report))


def mark_delivered(connection: sqlite3.Connection, report: int, moment: float) -> None:
    """Notes that the delivery succeeded. Raises StoreError."""
    with answered(connection):
        connection.execute("UPDATE reports SET status = 'delivered', delivered_at = ? WHERE id = ?", (moment, report))


def prune(connection: sqlite3.Connection, before: float) -> int:
    """Forgets reports delivered before `before` and gives their space back to the disk; pending ones stay, however old.

    Gives how many they were. Not to be called within a transaction. Raises StoreError.
    """
    with answered(connection):
        query = "DELETE FROM reports WHERE status = 'delivered' AND delivered_at < ?"
        # On the disk before the files go: a power failure must not bring a report back whose lines are gone.
        connection.execute("PRAGMA synchronous = FULL")
        count = connection.execute(query, (before,)).rowcount
        connection.execute("PRAGMA synchronous = NORMAL")
        # executescript runs a statement to its end, where execute would stop after the first page.
        connection.executescript("PRAGMA incremental_vacuum")
    forget_uncommitted(connection)
    return count


def forget_uncommitted(connection: sqlite3.Connection) -> None:
    """Removes the lines of reports that the store does not know: they were not committed, or are forgotten.

    Not to be called within a transaction: it takes one, so that nobody is storing a report meanwhile. Raises StoreError.
    """
    with transaction(connection):
        known = {number for (number,) in connection.execute("SELECT id FROM reports")}
        lines.forget_all_but(directory_of(connection), known)


def _report(row: tuple[int, float, bytes, bytes, str, Status, int, float | None, float | None, str]) -> StoredReport:
    number, created, host, subject, kind, status, attempts, attempted_at, delivered_at, meta = row
    facts = json.loads(meta)
    return StoredReport(number, created, told(host), told(subject), kind, status, attempts, attempted_at, delivered_at, facts)
