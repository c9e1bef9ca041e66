"""What `vigilog ship` remembers between two calls: how far each source was shipped, and the spool's number behind that."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from vigilog.core.nouns import Position
from vigilog.store.database import open_store, transaction
from vigilog.store.lock import alone
from vigilog.store.positions import positions, save_positions

SPOOL = "spool"
"""Stands among the positions: the number of the last record that they are behind of."""


@dataclass(frozen=True, slots=True)
class State:
    """The memory of one target and topic, `consumer`. Without a store nothing is remembered."""

    store: sqlite3.Connection | None
    consumer: str

    def positions(self) -> dict[str, Position]:
        """How far each source was shipped, by its name. Raises StoreError."""
        if self.store is None:
            return {}
        found = positions(self.store, self.consumer)
        found.pop(SPOOL, None)
        return found

    def committed(self) -> int | None:
        """The number of the last record that the positions are behind of; None if nothing is remembered. Raises StoreError."""
        if self.store is None:
            return None
        found = positions(self.store, self.consumer).get(SPOOL)
        number = found.state.get("number") if found else 0
        return number if isinstance(number, int) else 0

    def save(self, moved: Iterable[Position], number: int) -> None:
        """Remembers both, together. Raises StoreError."""
        if self.store is not None:
            with transaction(self.store):
                save_positions(self.store, self.consumer, [*moved, Position(SPOOL, {"number": number})])


@contextmanager
def spool(directory: str | None, topic: str) -> Iterator[str]:
    """The directory where records for a topic wait, in the state directory: each topic has one of its own, so that calls for
    several topics can work at the same time. Without a state directory one that is gone afterwards."""
    if directory is not None:
        yield os.path.join(directory, "ship", topic)
        return
    with tempfile.TemporaryDirectory(prefix="vigilog-ship-") as thrown_away:
        yield os.path.join(thrown_away, "spool")


@contextmanager
def opened(directory: str | None, target: str, topic: str) -> Iterator[State]:
    """The memory of a target (`kafka`, `file:PATH`) and topic in a state directory; None: none. Raises StoreError, and
    AlreadyRunning if another process ships to the same target and topic."""
    if directory is None:
        yield State(None, "")
        return
    consumer = f"ship {target} {topic}".rstrip()
    locked = alone(directory, f"`vigilog ship` to {target}", name=lock_name(target)) if target != "kafka" else nullcontext()
    with locked:
        store = open_store(directory)
        try:
            yield State(store, consumer)
        finally:
            store.close()


def lock_name(target: str) -> str:
    """The lock of a target without a spool, which would have one of its own."""
    from hashlib import sha256  # noqa: PLC0415 - only there

    return f"ship-{sha256(os.fsencode(target)).hexdigest()[:16]}.lock"
