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
    # What `vigilog run` counted, what it raised, and what is to be done about it.
    """
    CREATE TABLE events (
        first INTEGER PRIMARY KEY,
        last INTEGER NOT NULL,
        count INTEGER NOT NULL,
        arrived REAL NOT NULL,
        events BLOB NOT NULL
    );

    CREATE TABLE alerts (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        rule TEXT NOT NULL,
        kind TEXT NOT NULL,
        key BLOB NOT NULL,
        time REAL NOT NULL,
        raised REAL NOT NULL,
        events BLOB NOT NULL
    );

    CREATE INDEX alerts_by_time ON alerts (raised);

    CREATE TABLE outbox (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        alert INTEGER NOT NULL REFERENCES alerts (number) ON DELETE CASCADE,
        action TEXT NOT NULL,
        status TEXT NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'begun', 'done', 'failed')),
        attempts INTEGER NOT NULL DEFAULT 0,
        of INTEGER REFERENCES outbox (number) ON DELETE CASCADE,
        ended REAL,
        reason TEXT NOT NULL DEFAULT ''
    );

    CREATE INDEX outbox_open ON outbox (action, number) WHERE status IN ('waiting', 'begun');
    CREATE INDEX outbox_by_alert ON outbox (alert);
    CREATE INDEX outbox_by_outcome ON outbox (of);
    """,
    # Who is shut out, who was, and who was let in again ('' in place of a target: everybody).
    """
    CREATE TABLE bans (
        target TEXT NOT NULL,
        port TEXT NOT NULL,
        since REAL NOT NULL,
        until REAL NOT NULL,
        rule TEXT NOT NULL,
        times INTEGER NOT NULL,
        reason TEXT NOT NULL,
        lifted REAL,
        PRIMARY KEY (target, port, since)
    ) WITHOUT ROWID;

    CREATE TABLE ban_lifts (
        target TEXT NOT NULL PRIMARY KEY,
        moment REAL NOT NULL
    ) WITHOUT ROWID;
    """,
    # How many events raised an alert: not all of them are kept with it. NULL: that was not noted yet.
    """
    ALTER TABLE alerts ADD COLUMN count INTEGER;
    """,
)
"""Statements of each step, applied in one transaction together with the new version (`PRAGMA user_version`)."""
