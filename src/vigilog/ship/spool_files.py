"""The files of a spool, opened once and kept open."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from vigilog.core.errors import AlreadyRunning, StoreError
from vigilog.core.nouns import Place
from vigilog.ship.note import Note, NoteFile
from vigilog.ship.segments import COUNT, Segments
from vigilog.store.guard import guarded_directory, guarded_file


class SpoolFiles(NamedTuple):
    """An open spool on the disk: its directory, its blocks, its note, and the descriptors of the lock and of the note."""

    directory: str
    segments: Segments
    note: NoteFile
    descriptors: tuple[int, ...]

    def close(self) -> None:
        """Lets go of all files, and so of the lock."""
        self.segments.close()
        for descriptor in self.descriptors:
            with suppress(OSError):
                os.close(descriptor)


def spool_files(directory: str, size: int, say: Callable[[str], None]) -> SpoolFiles:
    """Opens the spool in `directory`, makes it if there is none. The directory is 0700, its files are 0600.

    Raises StoreError if they are not safe or cannot be used, AlreadyRunning if another process does.
    """
    path = guarded_directory(directory)
    opened: list[int] = []
    try:
        try:
            # A lock of the process, not of the descriptor: a child must not hold it after its parent's death.
            opened.append(_opened(path, "lock"))
            fcntl.lockf(opened[0], fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.chmod(path, 0o700)
            opened.append(_opened(path, "note"))
            note = NoteFile(opened[1])
            if note.note is None:
                origin = secrets.token_hex(8)
                for _ in range(2):  # both slots, so that a full disk cannot refuse them later
                    note.write(Note(origin))
            opened += [_opened(path, f"segment-{index:02}") for index in range(COUNT)]
            _sync_directory(path)
            segments = Segments(opened[2:], size, say)
        except BlockingIOError:
            raise AlreadyRunning(
                "the spool is used by another process", place=Place(path), remedy="give each process a spool of its own"
            ) from None
        except OSError as error:
            raise StoreError(f"the spool cannot be opened: {error.strerror}", place=Place(path)) from error
    except BaseException:
        for descriptor in opened:
            with suppress(OSError):
                os.close(descriptor)
        raise
    return SpoolFiles(path, segments, note, (opened[0], opened[1]))


def _opened(directory: str, name: str) -> int:
    return os.open(guarded_file(directory, name), os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)


def _sync_directory(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
