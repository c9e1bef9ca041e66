"""One file, or a part of it, searched in large blocks: the lines that are about a subject, where they begin, and their times.

Lines that have nothing of what is looked for are never looked at one by one. Threads do this side by side: reading, unpacking
and searching are done without Python's lock.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import NamedTuple

from vigilog.core.errors import SourceError
from vigilog.core.nouns import Place
from vigilog.investigate.matching import Matcher
from vigilog.investigate.memory import Buffer
from vigilog.parse.stamps import stamp
from vigilog.patterns import block
from vigilog.patterns.compiling import compile_rules
from vigilog.patterns.database import Database
from vigilog.watch.compressed import opener
from vigilog.watch.streams import DamagedError

STEP = 512 * 1024
"""Bytes read at a time: what fits into a core's own cache is searched fastest."""
LONGEST = 64 << 20
"""A line of more bytes is looked at in pieces of that length."""
_LOOKED_BACK = 100
"""So many lines before one without a stamp are asked for theirs."""
_HEAD = 4096


class Hit(NamedTuple):
    """A line about the subject: the offset of its first byte (in what the file unpacks to), its bytes without the newline, and
    when it was written (seconds since the epoch), None if neither it nor a line shortly before it says so."""

    offset: int
    line: bytes
    time: float | None


class File(NamedTuple):
    """A regular file that was open once: `source` as somebody named it, where it was, and what it was then. `modified` is in
    nanoseconds since the epoch; the size is that of the packed bytes where it is packed."""

    source: str
    path: str
    device: int
    inode: int
    size: int
    modified: int
    packed: bool


class Part(NamedTuple):
    """The lines of a file that begin from `start` on and before `end`."""

    file: File
    start: int
    end: int


class Search:
    """Looks for what a Matcher says; one can be used by several threads."""

    def __init__(self, matcher: Matcher, cache_directory: str | None = None) -> None:
        """Raises RuleError for a pattern that cannot be used."""
        self.matcher = matcher
        self._database: Database | None = None
        if matcher.rule is not None:
            self._database = compile_rules((matcher.rule,), "raw", caseless=matcher.caseless, cache_directory=cache_directory)
            if self._database.refused:
                raise self._database.refused[0]

    def hits(self, part: Part) -> list[Hit]:
        """The lines about the subject in a part of a file (packed: all of it). Raises SourceError if it cannot be read; of a
        packed file that is damaged, the hits before the damage come with it, as its argument `hits`."""
        found: list[Hit] = []
        try:
            with open(part.file.path, "rb", buffering=0) as file:
                descriptor = file.fileno()
                _checked(part.file, descriptor)
                if part.file.packed:
                    self._packed(part.file, descriptor, found)
                else:
                    begin = _first_line(descriptor, part.start)
                    found += self._lines(_plain(descriptor, begin, part.file.size), begin, part, os.pread(descriptor, 25, 0))
        except DamagedError as error:
            raise Incomplete(f"damaged: {error}", Place(part.file.path), found) from error
        except OSError as error:
            raise SourceError(f"cannot be read: {error.strerror}", place=Place(part.file.path)) from error
        return found

    def finds(self, line: bytes) -> bool:
        """Whether one line is about the subject."""
        if self._database is not None and not self._database.matching(line, undecided=True):
            return False
        return self.matcher.is_about(line)

    def _packed(self, file: File, descriptor: int, found: list[Hit]) -> None:
        unpack = opener(file.path)
        assert unpack
        with closing(unpack(descriptor)) as stream:
            read = _Unpacked(stream.read)
            for hit in self._lines(read, 0, Part(file, 0, 1 << 62), read.head()):
                found.append(hit)  # noqa: PERF402 - what is found before the damage stays

    def _lines(self, read: Callable[[memoryview], int], at: int, part: Part, head: bytes) -> Iterator[Hit]:
        """The hits in what `read` gives, which begins with the line at `at`."""
        buffer, held = Buffer(STEP), 0
        arrived = part.file.modified / 1e9
        find = self._finder(head)
        while at < part.end:
            count = read(buffer.view[held:])
            filled = held + count
            whole = buffer.data.rfind(b"\n", held, filled) + 1 if count else filled
            if count and not whole:
                if filled == buffer.size and buffer.size < LONGEST:
                    buffer = buffer.larger()
                if filled < buffer.size:
                    held = filled
                    continue
                whole = filled
            for start, end in find(buffer, whole):
                if at + start >= part.end:
                    return
                line = bytes(buffer.view[start:end])
                if self.matcher.is_about(line):
                    yield Hit(at + start, line, _time(buffer, start, line, arrived))
            if not count:
                return
            held = buffer.keep(whole, filled)
            at += whole

    def _finder(self, head: bytes) -> Callable[[Buffer, int], Iterator[tuple[int, int]]]:
        if self._database is not None:
            return self._by_pattern
        literals = [self.matcher.literal or b""]
        if head.startswith(b"@4") and self.matcher.stamped:
            literals.append(self.matcher.stamped)
        if len(literals) == 1:
            return lambda buffer, end: _with_literal(buffer, end, literals[0])
        return lambda buffer, end: iter(sorted({each for one in literals for each in _with_literal(buffer, end, one)}))

    def _by_pattern(self, buffer: Buffer, end: int) -> Iterator[tuple[int, int]]:
        assert self._database
        lines = bytes(buffer.view[:end])
        framed = block.frame(lines if lines.endswith(b"\n") else lines + b"\n")
        for behind in sorted(self._database.line_ends(framed, undecided=True)):
            yield framed.rfind(b"\n", 0, behind - 1), behind - 2


class Incomplete(SourceError):
    """A file could be read to some place only; `hits` are those before it."""

    def __init__(self, found: str, place: Place, hits: list[Hit]) -> None:
        super().__init__(found, place=place, expected="a whole file")
        self.hits = hits


class _Unpacked:
    """Fills buffers from a stream that gives as many bytes as it likes."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._left = b""

    def head(self) -> bytes:
        """The first bytes."""
        self._left = self._left or self._read(STEP)
        return self._left[:_HEAD]

    def __call__(self, view: memoryview) -> int:
        data = self._left or self._read(len(view))
        count = min(len(data), len(view))
        view[:count] = data[:count]
        self._left = data[count:]
        return count


def _plain(descriptor: int, begin: int, size: int) -> Callable[[memoryview], int]:
    """Fills buffers from a file, from `begin` to `size`: what is appended meanwhile is left out."""
    position = begin

    def read(view: memoryview) -> int:
        nonlocal position
        count = os.preadv(descriptor, [view[: max(0, size - position)]], position)
        position += count
        return count

    return read


def _first_line(descriptor: int, start: int) -> int:
    """Where the first line begins that does so at `start` or behind it."""
    if not start:
        return 0
    position = start - 1
    while data := os.pread(descriptor, STEP, position):
        newline = data.find(b"\n")
        if newline >= 0:
            return position + newline + 1
        position += len(data)
    return position


def _with_literal(buffer: Buffer, end: int, literal: bytes) -> Iterator[tuple[int, int]]:
    """The lines (their begin and end) that hold `literal`."""
    data, at = buffer.data, 0
    while (found := buffer.find(literal, at, end)) >= 0:
        start = data.rfind(b"\n", 0, found) + 1
        stop = data.find(b"\n", found, end)
        if stop < 0:
            stop = end
        yield start, stop
        at = stop + 1


def _time(buffer: Buffer, start: int, line: bytes, arrived: float) -> float | None:
    found = stamp(line, arrived)
    data = buffer.data
    for _ in range(_LOOKED_BACK):
        if found is not None or start <= 0:
            break
        before = data.rfind(b"\n", 0, start - 1) + 1
        found = stamp(bytes(data[before : min(start - 1, before + _HEAD)]), arrived)
        start = before
    return found


def _checked(file: File, descriptor: int) -> None:
    status = os.fstat(descriptor)
    if (status.st_dev, status.st_ino) != (file.device, file.inode):
        raise SourceError(
            "another file stands there by now", place=Place(file.path), remedy="ask again: it was rotated meanwhile"
        )
