"""A file once more, at any place: what was packed is unpacked into a file without a name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from tempfile import TemporaryFile

from vigilog.core.errors import SourceError
from vigilog.core.nouns import Place
from vigilog.investigate.scanning import File
from vigilog.watch.compressed import opener
from vigilog.watch.streams import DamagedError

_STEP = 1 << 20
_HEAD = 4096


@contextmanager
def plain(file: File) -> Iterator[int]:
    """A descriptor of what the file holds, unpacked; of a damaged one, what stands before the damage. Raises SourceError if it
    cannot be read."""
    try:
        with open(file.path, "rb", buffering=0) as original:
            unpack = opener(file.path)
            if unpack is None:
                yield original.fileno()
                return
            with TemporaryFile() as unpacked, closing(unpack(original.fileno())) as stream:
                with suppress(DamagedError):  # it was told when it was searched
                    while data := stream.read(_STEP):
                        unpacked.write(data)
                unpacked.flush()
                yield unpacked.fileno()
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", place=Place(file.path)) from error


def head(file: File) -> bytes:
    """Some bytes that the file begins with, unpacked; none of a damaged one. Raises SourceError if it cannot be read."""
    try:
        with open(file.path, "rb", buffering=0) as original:
            unpack = opener(file.path)
            if unpack is None:
                return original.read(_HEAD)
            with closing(unpack(original.fileno())) as stream, suppress(DamagedError):
                return stream.read(_HEAD)
            return b""
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", place=Place(file.path)) from error


def around(descriptor: int, offset: int, length: int, count: int) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """The `count` lines before a line and those behind it, as far as they lie within 64 KiB."""
    reach = 64 << 10
    start = max(0, offset - reach)
    before = os.pread(descriptor, offset - start, start).split(b"\n")[:-1]
    if start:
        before = before[1:]  # it may have begun earlier
    behind = os.pread(descriptor, reach, offset + length + 1)
    after = behind.split(b"\n")
    return tuple(before[-count:]), tuple(after[: min(count, len(after) - 1)])
