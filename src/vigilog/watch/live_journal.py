"""The systemd journal, live: a journalctl that follows it, whose output is taken as it comes."""

from __future__ import annotations

import os
import shutil
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Literal

from vigilog.core.errors import SourceError
from vigilog.core.nouns import Chunk, Grade, Notice, NoticeKind, Position
from vigilog.core.seams import Reading
from vigilog.watch.journal import At, Journal, Piece, gather, pieces, place
from vigilog.watch.journal_entries import command, entry
from vigilog.watch.journalctl import Journalctl

_LONGEST = 64 * 1024 * 1024
"""An entry is waited for until it is so long as JSON; a longer one is fetched in another way, in flat memory."""
_FIRST_DELAY, _LAST_DELAY = 1.0, 60.0
"""A journalctl that ended is started again after so many seconds, twice as many each time."""


_FOLLOW = ("--follow", "--no-tail", "--boot=all")
"""systemd 251 to 256 show what they follow of this boot only, some even if told otherwise; --merge helps, but includes other
hosts: no matter in a directory. What is there already is therefore asked for without."""


class LiveJournal:
    """This machine's journal, or the journal files of a directory: see `watch.journal.Journal`, also for positions."""

    grade: Grade = "resumable"
    is_log: Literal[False] = False
    ended = False

    def __init__(self, journal: Journal) -> None:
        self.name = journal.name
        self.due: float | None = time.monotonic()
        self._journal = journal
        self._at = At("", 0.0)
        self._handed: Position | None = None
        self._program = Journalctl()
        self._is_first = False
        self._is_idle = False
        self._follows = False
        self._is_stuck = False
        self._delay = _FIRST_DELAY
        self._said = ""
        self._waiting: deque[Chunk | Notice] = deque()

    def fileno(self) -> int:
        """A descriptor that is readable when journalctl has printed something, or ended."""
        return self._program.fileno()

    @property
    def more(self) -> bool:
        """Something was received that `read` has not given yet."""
        return bool(self._waiting) or (self._is_stuck and self.due is None)

    def read(self, since: Position | None) -> Reading:
        """What journalctl has printed since the last call, about 1 MiB of it; it is started where `since` says if it does not
        run, or if that is not where it stands. The first time, only what comes from now on.

        Notices: missing (there is no journalctl) and unreadable (it failed), said once; lost, long.
        """
        if self._handed is None or since is None or since.state != self._handed.state:
            try:
                self._go_to(since)
            except SourceError as error:
                yield from self._later("unreadable", str(error))
                return
        if self._is_stuck:
            yield from self._fetch()
            return
        if not self._waiting:
            self._waiting.extend(self._receive())
        while self._waiting:
            item = self._waiting.popleft()
            if isinstance(item, Chunk):
                self._handed = item.position
            yield item

    def accepted(self, position: Position) -> None:
        """Nobody waits to hear of it."""

    def drain(self) -> None:
        """What is not read now is read after the next start."""

    def close(self) -> None:
        """Ends journalctl."""
        self._program.close()

    def _go_to(self, since: Position | None) -> None:
        """Stands at this position. Raises SourceError if it is none."""
        self._at = place(self.name, since) if since else self._journal.first()
        self._handed = since
        self._waiting.clear()
        self._program.stop()
        self._follows = self._is_stuck = False
        if since is None:
            self._waiting.append(self._journal.chunk(Piece(b"", self._at)))

    def _receive(self) -> Iterator[Chunk | Notice]:
        if not self._program.runs:
            if self.due is None or self.due <= time.monotonic():
                yield from self._start()
            return
        lines, is_over = self._program.lines()
        try:
            yield from self._take(lines)
        except SourceError as error:
            yield from self._failed(str(error))
            return
        if self._program.held > _LONGEST:
            self._program.stop()
            self._is_stuck = True
        elif is_over:
            yield from self._failed("")

    def _take(self, lines: list[bytes]) -> Iterator[Chunk | Notice]:
        """The chunks of whole lines. Raises SourceError if one is no entry."""
        if not lines:
            return
        found = pieces(self.name, map(entry, lines), self._at, is_first=self._is_first)
        self._is_first = self._is_idle = False
        self._delay, self._said = _FIRST_DELAY, ""
        for item in gather(found):
            if isinstance(item, Piece):
                self._at = item.at
                yield self._journal.chunk(item)
            else:
                yield item

    def _fetch(self) -> Reading:
        """Reads one entry, of many megabytes or one that journalctl died of, as batch does: waiting for journalctl."""
        self._is_stuck = self._follows = False
        self.due = time.monotonic()
        journal = replace(self._journal, only=2 if self._at.cursor else 1)
        try:
            for item in journal.read(Position(self.name, asdict(self._at))):
                if isinstance(item, Chunk):
                    self._handed = item.position
                    self._at = place(self.name, item.position)
                yield item
        except SourceError as error:
            yield from self._failed(str(error))

    def _start(self) -> Iterator[Notice]:
        program = shutil.which("journalctl")
        directory = self._journal.directory
        if program is None:
            yield from self._later("missing", "The journal could not be read: there is no program journalctl")
            return
        if directory and not os.path.isdir(directory):
            yield from self._later("missing", f"File could not be read: {directory}")
            return
        at = self._at
        start = f"--after-cursor={at.cursor}" if self._follows and at.cursor else at.argument
        arguments = command(program, self._journal.arguments, start)
        if self._follows:
            arguments += [*_FOLLOW, *(["--merge"] if directory else [])]
        try:
            self._program.start(arguments)
        except OSError as error:
            yield from self._later("unreadable", f"{program} cannot be started: {error.strerror}")
            return
        self._is_first = bool(at.cursor) and not self._follows
        self._is_idle = True
        self.due = None

    def _failed(self, why: str) -> Iterator[Notice]:
        """Journalctl ended, or printed something strange: it is started again, later."""
        if self._program.runs:
            status, said = self._program.end()
            if status == 0 and not (why or self._follows):
                self._follows = True
                self.due = time.monotonic()
                return
            why = why or (f"journalctl failed: {said or f'status {status}'}" if status > 0 else "")
            self._is_stuck = status < 0 and self._is_idle
        self._follows = False
        yield from self._later("unreadable", why)

    def _later(self, kind: NoticeKind, why: str) -> Iterator[Notice]:
        self.due = time.monotonic() + self._delay
        self._delay = min(_LAST_DELAY, 2 * self._delay)
        if why and why != self._said:
            self._said = why
            yield Notice(kind, self.name, why)
