"""Compressed logs (.gz .bz2 .xz .zst) as streams of what they hold, unpacked in flat memory.

The libraries load when the first such file is read. Zstandard has none in Python 3.11: the package `zstandard` is used if
it is there, and the program `zstd` otherwise.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import BinaryIO, Protocol

from vigilog.core.errors import MissingExtra
from vigilog.core.nouns import Place
from vigilog.watch.streams import DamagedError, Stream

Opener = Callable[[int], Stream]
"""Begins to unpack what an open descriptor holds, from its first byte; the descriptor stays the caller's."""


def _gzip(descriptor: int) -> Stream:
    import gzip  # noqa: PLC0415  few runs meet a compressed log
    import zlib  # noqa: PLC0415

    return _Guarded(gzip.GzipFile(fileobj=_file(descriptor)), (OSError, EOFError, zlib.error))


def _bzip2(descriptor: int) -> Stream:
    import bz2  # noqa: PLC0415

    return _Guarded(bz2.BZ2File(_file(descriptor)), (OSError, EOFError, ValueError))


def _xz(descriptor: int) -> Stream:
    import lzma  # noqa: PLC0415

    return _Guarded(lzma.LZMAFile(_file(descriptor)), (lzma.LZMAError, EOFError))


def _zstandard(descriptor: int) -> Stream:
    try:
        from vigilog.watch.zstandard_frames import Frames  # noqa: PLC0415  its library is an extra
    except ModuleNotFoundError:
        from vigilog.watch.zstandard_program import Program, find  # noqa: PLC0415

        program = find()
        if program is None:
            raise MissingExtra(
                "a log compressed with zstd cannot be unpacked",
                place=Place(os.readlink(f"/proc/self/fd/{descriptor}")),
                remedy="install the program zstd, or `pip install 'vigilog[zstd]'`",
            ) from None
        return Program(program, descriptor)
    return Frames(descriptor)


OPENERS: dict[str, Opener] = {".gz": _gzip, ".bz2": _bzip2, ".xz": _xz, ".zst": _zstandard}
"""How a file is unpacked, by the end of its name."""


def opener(path: str) -> Opener | None:
    """How the file called `path` is unpacked, or None if its name does not say that it is packed."""
    return OPENERS.get(os.path.splitext(path)[1])


class _File(Protocol):
    def read1(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


class _Guarded:
    """A file object of the standard library whose many errors about bad data are one."""

    def __init__(self, file: _File, errors: tuple[type[Exception], ...]) -> None:
        self._file = file
        self._errors = errors

    def read(self, size: int, /) -> bytes:
        try:
            return self._file.read1(size)  # read() would keep back what stands before the damage
        except self._errors as error:
            raise DamagedError(str(error)) from error

    def close(self) -> None:
        self._file.close()


def _file(descriptor: int) -> BinaryIO:
    os.lseek(descriptor, 0, os.SEEK_SET)
    return open(descriptor, "rb", closefd=False)
