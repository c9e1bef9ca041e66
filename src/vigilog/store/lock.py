"""One instance at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from vigilog.core.errors import AlreadyRunning
from vigilog.core.nouns import Place
from vigilog.store.guard import guarded_directory, guarded_file, refused

NAME = "lock"
RUN = "run.lock"
"""The lock of `vigilog run`, beside which `vigilog check` may work."""


@contextmanager
def alone(directory: str, program: str = "vigilog", *, name: str = NAME) -> Iterator[None]:
    """Holds the lock `name` in the state directory while the block runs; the system lets go of it if this process dies.

    Raises AlreadyRunning at once if another process holds it, saying `Another PROGRAM process is still running` (the words
    of logcheck 1.4.2), and StoreError if the lock file is not safe.
    """
    path = guarded_file(guarded_directory(directory), name)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise refused(path, f"the lock file cannot be opened: {error.strerror}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _running(descriptor, path, program) from None
        with suppress(OSError):  # the number only helps the reader of an error: a full disk must not stop the run here
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
        yield
    finally:
        os.close(descriptor)


def _running(descriptor: int, path: str, program: str) -> AlreadyRunning:
    number = os.pread(descriptor, 20, 0).strip()
    remedy = f"wait for process {number.decode()}" if number.isdigit() else "wait for it"
    return AlreadyRunning(f"Another {program} process is still running", place=Place(path), remedy=remedy)
