"""The black box of a process: makes sessions, and writes their blocks."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Sequence

from vigilog.blackbox.block import block
from vigilog.blackbox.criteria import Criterion, FailedLogin, UntimelyDeath, allows
from vigilog.blackbox.facts import Facts
from vigilog.blackbox.header import Circumstances, counters, header, identity
from vigilog.blackbox.memory import MemoryPool, MemoryRing
from vigilog.blackbox.session import Session
from vigilog.core.clock import Clock, wall
from vigilog.core.errors import ConfigurationError
from vigilog.parse.forensics import LOG_TYPES


class BlackBox:
    """Keeps the messages of sessions and writes them to `file`, an absolute path, when there is reason to (None: never).

    `buffer_size` messages and about `buffer_bytes` bytes are kept for each session, `total_bytes` for all together. `capture` are the
    log types to be kept, `criteria` the reasons for a block. With `directory` the messages are kept in a file there, which outlives the
    process however it dies; blocks of dead processes of the same `service` are written at the start. `dumps_per_minute` bounds blocks
    that nobody asked for. `redact` is applied to each message's text. Raises ConfigurationError; nothing else raises, here or later.
    """

    def __init__(
        self,
        file: str | None,
        *,
        buffer_size: int = 1024,
        buffer_bytes: int = 1 << 20,
        total_bytes: int = 64 << 20,
        capture: Sequence[str] = LOG_TYPES,
        criteria: Sequence[Criterion] = (FailedLogin, UntimelyDeath),
        directory: str | None = None,
        service: str = "",
        dumps_per_minute: int = 60,
        redact: Callable[[bytes], bytes] | None = None,
        clock: Clock = wall,
    ) -> None:
        if file is not None and not file.startswith("/"):
            raise ConfigurationError(f"the file {file!r}", expected="an absolute path")
        self.file = file
        self.service = service
        self.directory = directory
        self.criteria = tuple(criteria)
        self.capture = frozenset(capture)
        self.clock = clock
        self._size = buffer_size
        self._bytes = buffer_bytes
        self._pool = MemoryPool(total_bytes)
        self._numbers = itertools.count(1)
        self._open: dict[int, Session] = {}

    def begin(self, facts: Facts | None = None) -> Session:
        """A new session, about which `facts` are known."""
        facts = facts if facts is not None else Facts()
        if facts.began is None:
            facts.began = self.clock()
        ring = MemoryRing(self._pool, messages=self._size, limit=self._bytes, capture=self.capture)
        session = Session(next(self._numbers), facts, ring, self)
        self._open[session.number] = session
        return session

    def sessions(self) -> list[Session]:
        """Those that are open."""
        return list(self._open.values())

    def recover(self) -> int:
        """Writes the blocks of dead processes of this service; how many."""
        return 0

    def close(self) -> None:
        """A normal stop: whatever is kept is thrown away."""
        for session in self.sessions():
            session.end()

    def write(self, session: Session, kind: str, *, on_demand: bool) -> bool:
        """Writes the block `kind` of `session`; see Session.dump."""
        if self.file is None or not (on_demand or allows(self.criteria, kind)):
            return False
        kept = session.ring.take()
        now = self.clock()
        what = Circumstances(now, session.facts.began or now, self.service, os.getpid(), kept.evicted, kept.damaged)
        who = identity(session.facts, os.geteuid(), os.getegid())
        data = block(kind, header(who, counters(session.facts), what), kept.messages)
        descriptor = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, data)
        finally:
            os.close(descriptor)
        session.ring.written(kept)
        return True

    def ended(self, session: Session) -> None:
        """`session` is over; what is kept of it is thrown away."""
        self._open.pop(session.number, None)
        session.ring.close()
