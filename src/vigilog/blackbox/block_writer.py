"""Writes the blocks of a box's sessions, one at a time: whether there is to be one, what is in it, and that it is there."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import NamedTuple

from vigilog.blackbox.block import block
from vigilog.blackbox.criteria import Criterion, allows
from vigilog.blackbox.forensic_file import ForensicFile
from vigilog.blackbox.header import Circumstances, counters, header, identity
from vigilog.blackbox.rate import Rate
from vigilog.blackbox.redaction import Redact, of_identity
from vigilog.blackbox.session import Session
from vigilog.core.clock import Clock
from vigilog.parse.forensics import Message


class Rules(NamedTuple):
    """What every block of a box has to do with: see BlackBox. `redacts` says that messages come redacted already."""

    criteria: tuple[Criterion, ...]
    rate: Rate
    service: str
    redact: Redact | None
    redacts: bool
    clock: Clock
    notice: Callable[[str], None]


class BlockWriter:
    """Writes to `file` (None: never), as `rules` say. Any thread may call it, and a signal handler in the middle of that."""

    def __init__(self, file: ForensicFile | None, rules: Rules) -> None:
        self.failed = 0
        """Blocks that could not be written."""
        self._file = file
        self._rules = rules
        self._busy = threading.RLock()
        self._writer: int | None = None

    def write(self, session: Session, kind: str, *, on_demand: bool) -> bool:
        """Writes the block `kind` of `session`; see Session.dump. Never raises an Exception."""
        if self._file is None or not (on_demand or allows(self._rules.criteria, kind)):
            return False
        me = threading.get_ident()
        if self._writer == me:
            # What is being written set off a block itself, or a signal handler did in the middle of it.
            return False
        try:
            with self._busy:
                self._writer = me
                try:
                    return self._write(self._file, session, kind, on_demand=on_demand)
                finally:
                    self._writer = None
        except Exception as error:  # noqa: BLE001 - the host must not fail for what it did not ask for
            self.failed += 1
            self._rules.notice(f"a block is not written: {type(error).__name__}: {error}")
            return False

    def after_fork(self) -> None:
        """In the child: whichever thread was writing is not here."""
        self._busy = threading.RLock()
        self._writer = None
        if self._file is not None:
            self._file.after_fork()

    def close(self) -> None:
        """Closes the file."""
        if self._file is not None:
            self._file.close()

    def _write(self, file: ForensicFile, session: Session, kind: str, *, on_demand: bool) -> bool:
        rules, now = self._rules, self._rules.clock()
        if not on_demand:
            if not rules.rate.allows(now):
                return False
            # Also one that cannot be written: on a full disk each try costs the program time.
            rules.rate.counts(now)
        kept = session.ring.take()
        facts, unsaid = session.facts, rules.rate.unsaid
        who = identity(facts, os.geteuid(), os.getegid())
        began = now if facts.began is None else facts.began
        what = Circumstances(now, began, rules.service, os.getpid(), kept.evicted, kept.damaged, unsaid)
        fields = header(of_identity(who, rules.redact) if rules.redact else who, counters(facts), what)
        if not file.append(block(kind, fields, map(self._redacted, kept.messages))):
            self.failed += 1
            return False
        session.ring.written(kept)
        rules.rate.said(unsaid)
        return True

    def _redacted(self, message: Message) -> Message:
        if self._rules.redact is None or self._rules.redacts:
            return message
        return message._replace(text=self._rules.redact(message.text))
