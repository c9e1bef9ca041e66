"""How far each consumer has read each source. `check`, `run` and `ship` are consumers; none sees another's positions."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from vigilog.core.nouns import Position
from vigilog.store.database import answered
from vigilog.store.words import stored, told


def positions(connection: sqlite3.Connection, consumer: str) -> dict[str, Position]:
    """The positions of `consumer`, by the name of the source. Raises StoreError."""
    with answered(connection):
        rows = connection.execute("SELECT source, state FROM positions WHERE consumer = ?", (consumer,)).fetchall()
    return {told(source): Position(told(source), json.loads(state)) for source, state in rows}


def save_positions(connection: sqlite3.Connection, consumer: str, positions: Iterable[Position]) -> None:
    """Puts `positions` in place of those that `consumer` had for the same sources; others stay. Raises StoreError.

    To be called within the transaction that stores what was made of the records before them.
    """
    rows = [(consumer, stored(position.source), json.dumps(dict(position.state))) for position in positions]
    with answered(connection):
        connection.executemany("INSERT OR REPLACE INTO positions (consumer, source, state) VALUES (?, ?, ?)", rows)
