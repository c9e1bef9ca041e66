"""Rings in a file that outlives the process. Imported only by programs that have a directory for it."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable

from vigilog.blackbox.bounds import Bounds
from vigilog.blackbox.crash_pool import CrashPool
from vigilog.blackbox.crash_ring import CrashRing
from vigilog.blackbox.directory import prepared
from vigilog.blackbox.facts import Facts
from vigilog.blackbox.header import counters, identity
from vigilog.blackbox.layout import STAMPED, TYPES, identity_bytes
from vigilog.blackbox.redaction import of_identity
from vigilog.blackbox.ring import Ring
from vigilog.blackbox.ring_file import RingFile
from vigilog.blackbox.voice import Voice
from vigilog.core.clock import Clock


class InFile:
    """Rings in the ring file of the process. Raises OSError if there can be none."""

    redacts = True
    """Messages are redacted before they are kept."""

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
        if not getattr(sys, "_is_gil_enabled", lambda: True)():
            # What is written without a lock counts on it.
            raise OSError(errno.ENOTSUP, "this Python runs without its global lock", directory)
        prepared(directory)

        def made(pages: int) -> RingFile:
            return RingFile(directory, service, file, pages, bounds.messages, clock(), wanted=wanted)

        def known(facts: Facts) -> bytes:
            who = identity(facts, os.geteuid(), os.getegid())
            return identity_bytes(of_identity(who, redact) if redact else who)

        kinds = {name: TYPES[name] for name in capture}
        stamped = {name: kind | STAMPED for name, kind in kinds.items()} if redact is None else {}
        self._voice = Voice(kinds, clock, redact, known, counters, bounds.messages, stamped)
        self._pool = CrashPool(made, notice, total=bounds.total, limit=bounds.session, messages=bounds.messages)

    def ring(self, number: int, facts: Facts) -> Ring:
        """The ring of a new session."""
        return CrashRing(self._pool, number, facts, self._voice)

    def fault_path(self) -> str | None:
        """Where faulthandler may write, for this process."""
        with self._pool.lock:
            file = self._pool.here()
        return None if file is None else file.fault

    def after_fork(self) -> None:
        """In the child: the file is the parent's."""
        self._pool.after_fork()

    def close(self) -> None:
        """A normal end: the file goes."""
        self._pool.close()
