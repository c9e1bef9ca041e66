"""The black box of a process: makes sessions, and writes their blocks."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Sequence

from vigilog.blackbox.block_writer import BlockWriter, Rules
from vigilog.blackbox.bounds import Bounds
from vigilog.blackbox.criteria import Criterion, FailedLogin, UntimelyDeath
from vigilog.blackbox.facts import Facts
from vigilog.blackbox.forensic_file import ForensicFile, absolute
from vigilog.blackbox.lifetime import told
from vigilog.blackbox.notices import Notices
from vigilog.blackbox.rate import Rate
from vigilog.blackbox.redaction import trusted
from vigilog.blackbox.session import Session
from vigilog.blackbox.storage import Wanted, storage
from vigilog.blackbox.watched import watching
from vigilog.core.clock import Clock, wall
from vigilog.core.errors import ConfigurationError
from vigilog.parse.forensics import LOG_TYPES

BYTES = 1 << 20
"""Bytes that a session may hold, unless something else is said."""
TOTAL = 64 << 20
"""Bytes that all sessions of a box may hold together, unless something else is said."""


class BlackBox:
    """Keeps the messages of sessions and writes them to `file`, an absolute path, when there is reason to (None: never).

    `buffer_size` messages and about `buffer_bytes` bytes are kept for each session, `total_bytes` for all together. `capture`
    are the log types to be kept, `criteria` the reasons for a block. With `directory` the messages are kept in a file there,
    which outlives the process however it dies; the blocks of dead processes of the same `service` are written at the start.
    `dumps_per_minute` bounds the blocks that nobody asked for. `redact` is applied to the text of each message,
    and to the names and further fields of the header. `notice` is given a sentence about whatever goes wrong (standard error,
    if it is None). With `allow_links` the file may be a symbolic link.

    A normal end of the program closes the box. Raises ConfigurationError; nothing else raises, here or later.
    """

    def __init__(
        self,
        file: str | None,
        *,
        buffer_size: int = 1024,
        buffer_bytes: int = BYTES,
        total_bytes: int = TOTAL,
        capture: Sequence[str] = LOG_TYPES,
        criteria: Sequence[Criterion] = (FailedLogin, UntimelyDeath),
        directory: str | None = None,
        service: str = "",
        dumps_per_minute: int = 60,
        redact: Callable[[bytes], bytes] | None = None,
        notice: Callable[[str], None] | None = None,
        allow_links: bool = False,
        clock: Clock = wall,
    ) -> None:
        if buffer_size < 1:
            raise ConfigurationError("size must be greater than zero", expected="a number of messages")
        for log_type in capture:
            if log_type not in LOG_TYPES:
                raise ConfigurationError(f"unknown log type: {log_type}", expected=f"one of {', '.join(LOG_TYPES)}")
        for criterion in criteria:
            if not isinstance(criterion, Criterion):
                raise ConfigurationError(f"criterion {criterion!r}", expected="such as vigilog.blackbox.FailedLogin")
        for name, number in (
            ("buffer_bytes", buffer_bytes),
            ("total_bytes", total_bytes),
            ("dumps_per_minute", dumps_per_minute),
        ):
            if number < 0:
                raise ConfigurationError(f"{name} is {number}", expected="no number below zero")
        self.file = absolute(file) if file is not None else None
        self.directory = absolute(directory) if directory is not None else None
        self.service = service
        self.criteria = tuple(criteria)
        self.capture = frozenset(capture)
        self.clock = clock
        self.notice = Notices(notice)
        self.rate = Rate(dumps_per_minute)
        hidden = trusted(redact) if redact is not None else None
        self._tested = tuple(each for each in self.criteria if each.test is not None)
        forensic = ForensicFile(file, self.notice, allow_links=allow_links) if file is not None else None
        self._storage = storage(
            Wanted(
                Bounds(buffer_size, buffer_bytes, total_bytes),
                self.capture,
                self.directory,
                service,
                file or "",
                UntimelyDeath in self.criteria,
                clock,
                hidden,
                self.notice,
            )
        )
        rules = Rules(self.criteria, self.rate, service, hidden, self._storage.redacts, clock, self.notice)
        self._writer = BlockWriter(forensic, rules)
        self._numbers = itertools.count(1)
        self._open: dict[int, Session] = {}
        self._recover_first = False
        self._forget = told(self)
        self.recover()

    def begin(self, facts: Facts | None = None) -> Session:
        """A new session, about which `facts` are known."""
        if self._recover_first:
            # A child: it may stand in for another one that died.
            self._recover_first = False
            self.recover()
        facts = facts if facts is not None else Facts()
        if facts.began is None:
            facts.began = self.clock()
        number = next(self._numbers)
        session = Session(number, facts, self._storage.ring(number, facts), self)
        if self._tested:
            session.keep = watching(session.ring.keep, self._tested, session.dump)
        self._open[number] = session
        return session

    def sessions(self) -> list[Session]:
        """Those that are open, oldest first."""
        return list(self._open.values())

    def recover(self) -> int:
        """Writes the blocks of dead processes of this service to the file; how many. Done at the start by itself."""
        if self.directory is None or self.file is None:
            return 0
        from vigilog.blackbox.recovery import recover  # noqa: PLC0415 - only where there is a directory

        try:
            return recover(self.directory, self.file, service=self.service, notice=self.notice, clock=self.clock).blocks
        except Exception as error:  # noqa: BLE001 - the host's start must not fail for it
            self.notice(f"blocks of dead processes are not written: {type(error).__name__}: {error}")
            return 0

    def fault_path(self) -> str | None:
        """A path for faulthandler: what it writes there becomes part of the blocks of this process. None without a
        directory."""
        return self._storage.fault_path()

    def close(self) -> None:
        """A normal stop: whatever is kept is thrown away, nothing is written."""
        for session in self.sessions():
            session.end()
        self._storage.close()
        self._writer.close()
        self._forget()

    def write(self, session: Session, kind: str, *, on_demand: bool) -> bool:
        """Writes the block `kind` of `session`; see Session.dump."""
        return self._writer.write(session, kind, on_demand=on_demand)

    @property
    def failed(self) -> int:
        """Blocks that could not be written."""
        return self._writer.failed

    def ended(self, session: Session) -> None:
        """`session` is over; what is kept of it is thrown away."""
        self._open.pop(session.number, None)
        session.ring.close()

    def after_fork(self) -> None:
        """In the child: whichever thread was writing is not here."""
        self._writer.after_fork()
        self._storage.after_fork()
        if "multiprocessing.util" in sys.modules:
            from vigilog.blackbox.multiprocess import end_with_it  # noqa: PLC0415 - seldom needed

            end_with_it(self)
        self._recover_first = True

    def at_exit(self) -> None:
        """The program ends. By an exception that nobody caught: then its sessions have died."""
        if isinstance(getattr(sys, "last_value", None), Exception):
            from vigilog.blackbox.last_words import last_words  # noqa: PLC0415 - seldom needed

            for session in self.sessions():
                last_words(session, sys.last_value, "the program")
                session.end(UntimelyDeath.kind)
        self.close()
