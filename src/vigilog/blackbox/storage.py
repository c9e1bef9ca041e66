"""Where the rings of a box are: in memory, or in a file when the box has a directory that can be used."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from vigilog.blackbox.crash_pool import CrashPool
from vigilog.blackbox.crash_ring import CrashRing, Voice
from vigilog.blackbox.directory import prepared
from vigilog.blackbox.facts import Facts
from vigilog.blackbox.header import counters, identity
from vigilog.blackbox.layout import TYPES, identity_bytes
from vigilog.blackbox.memory import MemoryPool, MemoryRing
from vigilog.blackbox.ring import Ring
from vigilog.blackbox.ring_file import RingFile
from vigilog.core.clock import Clock


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is kept: messages and bytes of a session, bytes of all sessions together."""

    messages: int
    session: int
    total: int


class InMemory:
    """Rings in memory."""

    def __init__(self, bounds: Bounds, capture: frozenset[str]) -> None:
        self._bounds = bounds
        self._capture = capture
        self._pool = MemoryPool(bounds.total)

    def ring(self, number: int, facts: Facts) -> Ring:  # noqa: ARG002 - a ring in memory has no need to know
        """The ring of a new session."""
        return MemoryRing(self._pool, messages=self._bounds.messages, limit=self._bounds.session, capture=self._capture)

    def fault_path(self) -> str | None:
        """Where faulthandler may write: nowhere that anybody would look."""
        return None

    def close(self) -> None:
        """There is nothing to be closed."""


class InFile:
    """Rings in the ring file of the process. Raises OSError if there can be none."""

    def __init__(
        self,
        bounds: Bounds,
        capture: frozenset[str],
        directory: str,
        service: str,
        file: str,
        *,
        wanted: bool,
        clock: Clock,
        redact: Callable[[bytes], bytes] | None,
        notice: Callable[[str], None],
    ) -> None:
        prepared(directory)

        def made(pages: int) -> RingFile:
            return RingFile(directory, service, file, pages, bounds.messages, clock(), wanted=wanted)

        kinds = {name: TYPES[name] for name in capture}
        self._voice = Voice(kinds, clock, redact, _known, counters, bounds.messages)
        self._pool = CrashPool(made, notice, total=bounds.total, limit=bounds.session, messages=bounds.messages)

    def ring(self, number: int, facts: Facts) -> Ring:
        """The ring of a new session."""
        return CrashRing(self._pool, number, facts, self._voice)

    def fault_path(self) -> str | None:
        """Where faulthandler may write, for this process."""
        with self._pool.lock:
            file = self._pool.here()
        return None if file is None else file.fault

    def close(self) -> None:
        """A normal end: the file goes."""
        self._pool.close()


Storage = InMemory | InFile


def _known(facts: Facts) -> bytes:
    return identity_bytes(identity(facts, os.geteuid(), os.getegid()))
