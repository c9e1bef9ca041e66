"""The SQLite file: opened, guarded, at the right version; and the transaction, which is the unit of everything."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from vigilog.core.errors import StoreError
from vigilog.core.nouns import Place
from vigilog.store.guard import checked_file, guarded_directory, guarded_file
from vigilog.store.schema import APPLICATION, STEPS

NAME = "vigilog.db"
_BUSY_SECONDS = 10.0
_PAGE = 16384
_LOG_LIMIT = 1 << 20

_REMEDIES = {
    "SQLITE_FULL": "make room on its disk and run again; nothing was changed",
    "SQLITE_IOERR": "look at the disk and its space; nothing was changed",
    "SQLITE_BUSY": "another process is writing to it; wait for it and run again",
    "SQLITE_READONLY": "let this user write to it and to its directory",
    "SQLITE_CANTOPEN": "let this user write to it and to its directory",
    "SQLITE_NOTADB": "move it away; without it everything is read anew, as on the first start",
    "SQLITE_CORRUPT": "move it away; without it everything is read anew, as on the first start",
}


def open_store(directory: str) -> sqlite3.Connection:
    """The store in `directory`, which is made (0700) if it is not there, as is the file in it (0600).

    Outside of `transaction` each statement commits by itself. Raises StoreError if the directory or the file are not
    safe, not Vigilog's, or written by a newer version.
    """
    guarded = guarded_directory(directory)
    path = guarded_file(guarded, NAME)
    for companion in ("-wal", "-shm", "-journal"):
        checked_file(path + companion)
    with answered(path), _one_after_the_other(guarded):
        connection = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_SECONDS)
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All that is written within is committed together at the end, or, if anything is raised, not at all.

    Raises StoreError for whatever SQLite cannot do, a full disk included.
    """
    with answered(connection):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


@contextmanager
def answered(store: sqlite3.Connection | str) -> Iterator[None]:
    """What SQLite raises within becomes a StoreError with the file's path (or that of a connection) and a remedy."""
    try:
        yield
    except sqlite3.Error as error:
        path = store if isinstance(store, str) else _path(store)
        name = getattr(error, "sqlite_errorname", "")
        remedy = next((_REMEDIES[start] for start in _REMEDIES if name.startswith(start)), "")
        raise StoreError(f"the store cannot be used: {error}", place=Place(path), remedy=remedy) from error


@contextmanager
def _one_after_the_other(directory: str) -> Iterator[None]:
    """SQLite does not wait for others while it turns a new file to WAL: two first starts at the same moment would collide."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _prepare(connection: sqlite3.Connection, path: str) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    application: int = connection.execute("PRAGMA application_id").fetchone()[0]
    empty = not connection.execute("PRAGMA schema_version").fetchone()[0]
    if not empty and application != APPLICATION:
        raise StoreError("an SQLite database of another program", place=Place(path), remedy="move it away")
    if version > len(STEPS):
        raise StoreError(
            f"written by a newer Vigilog (version {version} of the store)",
            place=Place(path),
            expected=f"at most version {len(STEPS)}",
            remedy="install that Vigilog again, or move the file away",
        )
    if empty:
        connection.execute(f"PRAGMA page_size = {_PAGE}")
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA journal_size_limit = {_LOG_LIMIT}")
    if version < len(STEPS):
        _migrate(connection)


def _migrate(connection: sqlite3.Connection) -> None:
    with transaction(connection):
        # Read again: another process may have done it in the meantime.
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        for step in STEPS[version:]:
            for statement in filter(str.strip, step.split(";")):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {max(version, len(STEPS))}")


def directory_of(connection: sqlite3.Connection) -> str:
    """The directory of an open store."""
    return os.path.dirname(_path(connection))


def _path(connection: sqlite3.Connection) -> str:
    return os.fsdecode(connection.execute("PRAGMA database_list").fetchone()[2])
