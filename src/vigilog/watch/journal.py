"""The systemd journal as a source: one line for each entry, as `journalctl` prints it for logcheck."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from typing import NamedTuple

from vigilog.core.errors import SourceError
from vigilog.core.nouns import Chunk, Grade, Notice, Position
from vigilog.core.seams import Reading
from vigilog.watch.journal_entries import Entry, entries
from vigilog.watch.notices import too_long
from vigilog.watch.options import Options
from vigilog.watch.records import BLOCK, LIMIT
from vigilog.watch.today import midnight

_FIVE_HOURS = 5 * 3600.0


@dataclass(frozen=True, slots=True)
class At:
    """Behind the entry `cursor`, or at the moment `since` where there is none; `skip` bytes of the next record are read."""

    cursor: str
    since: float
    skip: int = 0

    @property
    def argument(self) -> str:
        """What tells journalctl where to begin: with the entry `cursor`, to see whether it is there still."""
        return f"--cursor={self.cursor}" if self.cursor else f"--since=@{self.since:.6f}"


@dataclass(frozen=True, slots=True)
class Journal:
    """This machine's journal, or the journal files in `directory`. A reading ends behind `only` entries (0: behind the last),
    the one at its position included.

    A record is `Mon dd HH:MM:SS host identifier[pid]: message` with newlines as `#012`; other control characters stay. An
    entry without a message gives no record.
    """

    directory: str
    options: Options
    only: int = 0
    grade: Grade = field(default="resumable", init=False)

    @property
    def name(self) -> str:
        """`journal`, or `journal:` and the directory."""
        return f"journal:{self.directory}" if self.directory else "journal"

    @property
    def arguments(self) -> list[str]:
        """What tells journalctl which journal to read."""
        return ["--directory=" + self.directory] if self.directory else []

    def read(self, since: Position | None) -> Reading:
        """See `core.seams.Source`. At a first reading all is the last five hours, as with logcheck; where logcheck left an
        `offset.journal`, everything from its time on.

        If the position moved without a record, a last Chunk without data carries it. Notices: missing; lost, when the entry
        that was read last is gone; long. Raises SourceError if journalctl fails.
        """
        at = place(self.name, since) if since else self.first()
        program = shutil.which("journalctl")
        if program is None:
            yield Notice("missing", self.name, "The journal could not be read: there is no program journalctl")
            return
        if self.directory and not os.path.isdir(self.directory):
            yield Notice("missing", self.name, f"File could not be read: {self.directory}")
            return
        handed = since is not None
        with closing(entries(program, self.arguments, at.argument)) as found:
            for item in gather(pieces(self.name, islice(found, self.only or None), at, is_first=bool(at.cursor))):
                if isinstance(item, Notice):
                    yield item
                else:
                    yield self.chunk(item)
                    handed = True
        if not handed:
            yield self.chunk(Piece(b"", at))

    def first(self) -> At:
        """Where a first reading begins."""
        now = self.options.clock()
        if not self.directory:
            for directory in self.options.takeover or ():
                try:
                    return At("", os.stat(os.path.join(directory, "offset.journal")).st_mtime)
                except OSError:
                    continue
        return At("", {"all": now - _FIVE_HOURS, "today": midnight(self.options.clock), "none": now}[self.options.first])

    def chunk(self, piece: Piece) -> Chunk:
        """A piece of this journal as a chunk."""
        position = Position(self.name, asdict(piece.at))
        return Chunk(self.name, piece.data, self.options.clock(), position, piece=piece.goes_on)


class Piece(NamedTuple):
    """Records or, if it `goes_on`, a piece of one; `at` is the place behind it."""

    data: bytes
    at: At
    goes_on: bool = False


def place(source: str, position: Position) -> At:
    """The place that a stored position means. Raises SourceError if it is none of a journal."""
    values = [position.state.get(name) for name in ("cursor", "since", "skip")]
    match values:
        case [str(cursor), float() | int() as since, int(skip)]:
            return At(cursor, since, skip)
    raise SourceError(
        f"the stored position of {source} is {dict(position.state)}",
        expected="cursor, since and skip",
        remedy="remove the position to read the journal as if for the first time",
    )


def pieces(name: str, found: Iterator[Entry], at: At, *, is_first: bool) -> Iterator[Piece | Notice]:
    """The records behind `at`, each ended by a newline, those over the limit in pieces; no data for an entry without one.
    `is_first`: the first entry found should be the one at `at.cursor`, which was read."""
    for entry in found:
        if is_first:
            is_first = False
            if entry.cursor == at.cursor:
                continue
            yield Notice("lost", name, f"{name}: the entry that was read last is gone, and what was removed with it is lost")
            at = replace(at, skip=0)
        for data, goes_on in _cut(entry.parts, at.skip):
            if goes_on and not at.skip:
                yield too_long(name, name)
            at = replace(at, skip=at.skip + LIMIT) if goes_on else at
            yield Piece(data, at if goes_on else At(entry.cursor, at.since), goes_on)
        at = At(entry.cursor, at.since)


def _cut(parts: Iterator[bytes], skip: int) -> Iterator[tuple[bytes, bool]]:
    """A record without its first `skip` bytes, in pieces each ended by a newline; True: it goes on."""
    held = bytearray()
    is_empty = True
    for part in parts:
        is_empty = False
        held += part
        dropped = min(skip, len(held))
        del held[:dropped]
        skip -= dropped
        while len(held) > LIMIT:
            yield bytes(held[:LIMIT]) + b"\n", True
            del held[:LIMIT]
    yield b"" if is_empty else bytes(held) + b"\n", False


def gather(items: Iterator[Piece | Notice]) -> Iterator[Piece | Notice]:
    """Records by the block; the pieces of long ones, and notices, by themselves."""
    waiting: list[bytes] = []
    size = 0
    last: Piece | None = None
    inside = False
    for item in items:
        alone = isinstance(item, Notice) or item.goes_on or inside
        if last and (alone or size >= BLOCK):
            yield last._replace(data=b"".join(waiting))
            waiting, size, last = [], 0, None
        if isinstance(item, Notice):
            yield item
        elif alone:
            yield item
            inside = item.goes_on
        else:
            waiting.append(item.data)
            size += len(item.data)
            last = item
    if last:
        yield last._replace(data=b"".join(waiting))
