"""What a daemon under test has left behind: its alerts, its orders, the lines of a file; and ports that are free."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from vigilog.core.nouns import Alert
from vigilog.store.outbox import alerts

ALL = 1 << 40


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port of the loopback at which nobody listens."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def opened(directory: Path) -> Iterator[sqlite3.Connection]:
    """The store of the daemon in `directory`, whose state is in `state`."""
    with closing(sqlite3.connect(f"file:{directory}/state/vigilog.db?mode=ro", uri=True, timeout=30)) as connection:
        yield connection


def rows(directory: Path, query: str) -> list[tuple[Any, ...]]:
    """What a query finds in the store."""
    with opened(directory) as connection:
        return connection.execute(query).fetchall()


def alerts_of(directory: Path) -> list[Alert]:
    """All alerts in the store, the oldest first."""
    with opened(directory) as connection:
        return [alert for _, alert, _ in alerts(connection, 0.0, ALL)][::-1]


def open_orders(directory: Path) -> int:
    """How many orders have no outcome yet."""
    count: int = rows(directory, "SELECT count(*) FROM outbox WHERE status IN ('waiting', 'begun')")[0][0]
    return count


def lines(path: Path) -> list[str]:
    """The lines of a file, without their newlines; none if it is not there."""
    return path.read_text().split("\n")[:-1] if path.exists() else []
