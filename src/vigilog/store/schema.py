"""The tables, as the steps by which they came to be: a database is at the version whose number is how many it has taken.

A change is a new step at the end; a step that was released is never changed.
"""

from __future__ import annotations

APPLICATION = 0x56676C67
"""Marks an SQLite file as Vigilog's (`PRAGMA application_id`): `Vglg`."""

STEPS: tuple[str, ...] = (
    """
    CREATE TABLE positions (
        consumer TEXT NOT NULL,
        source BLOB NOT NULL,
        state TEXT NOT NULL,
        PRIMARY KEY (consumer, source)
    ) WITHOUT ROWID;

    CREATE TABLE reports (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        created REAL NOT NULL,
        host BLOB NOT NULL,
        subject BLOB NOT NULL,
        kind TEXT NOT NULL,
        status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered')),
        attempts INTEGER NOT NULL DEFAULT 0,
        attempted_at REAL,
        delivered_at REAL,
        meta TEXT NOT NULL
    );

    CREATE INDEX reports_by_status ON reports (status, created);

    CREATE TABLE parts (
        report INTEGER NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
        section INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (report, section, sequence)
    );
    """,
    # The lines moved into a file for each report: through the database they were written twice.
    """
    DROP TABLE parts;

    DELETE FROM reports;

    CREATE TABLE sections (
        report INTEGER NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
        section INTEGER NOT NULL,
        start INTEGER NOT NULL,
        length INTEGER NOT NULL,
        PRIMARY KEY (report, section)
    );
    """,
)
"""Statements of each step, applied in one transaction together with the new version (`PRAGMA user_version`)."""
