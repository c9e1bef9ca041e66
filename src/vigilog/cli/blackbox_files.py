"""Forensic files as they are named on a command line: packed or not, `-` for standard input, one after the other."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from vigilog.core.errors import SourceError
from vigilog.core.nouns import Place
from vigilog.parse.forensics import Block, blocks

if TYPE_CHECKING:
    from vigilog.watch.streams import Stream

STANDARD_INPUT = "-"
PIECE = 1 << 18


class Found(NamedTuple):
    """A block: its number on this command line (from 1), its file, and when that was last written to (seconds since 1970)."""

    number: int
    file: str
    written: float
    block: Block


def found(files: Iterable[str], now: float) -> Iterator[Found]:
    """The blocks of `files`, in order; `now` (seconds since the epoch) stands for the time of standard input.

    Raises SourceError if a file cannot be read, MissingExtra if it cannot be unpacked.
    """
    number = 0
    for file in files:
        written, lines = opened(file, now)
        for block in blocks(lines):
            number += 1
            yield Found(number, file, written, block)


def opened(file: str, now: float) -> tuple[float, Iterator[bytes]]:
    """When a file was written to last, and its lines."""
    if file == STANDARD_INPUT:
        return now, iter(sys.stdin.buffer)
    try:
        return os.stat(file).st_mtime, lines_of(file)
    except OSError as error:
        raise unreadable(file, error) from error


def lines_of(file: str) -> Iterator[bytes]:
    """The lines of a file, unpacked if its name says that it is packed."""
    from vigilog.watch.compressed import OPENERS  # noqa: PLC0415 - not for standard input
    from vigilog.watch.streams import DamagedError  # noqa: PLC0415 - as above

    opener = OPENERS.get(os.path.splitext(file)[1])
    try:
        with open(file, "rb") as plain:
            if opener is None:
                yield from plain
            else:
                with closing(opener(plain.fileno())) as stream:
                    yield from unpacked(stream)
    except DamagedError as error:
        raise SourceError(f"cannot be unpacked: {error}", place=Place(file), expected="a whole packed file") from error
    except OSError as error:
        raise unreadable(file, error) from error


def unpacked(stream: Stream) -> Iterator[bytes]:
    """The lines of a stream."""
    rest = b""
    while piece := stream.read(PIECE):
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line + b"\n"
    if rest:
        yield rest


def unreadable(file: str, error: OSError) -> SourceError:
    """A file cannot be read, and why."""
    return SourceError(f"cannot be read: {error.strerror}", place=Place(file), expected="a file of forensic blocks")
