"""The file that blocks are appended to: opened as ProFTPD opens it, each block written whole or not at all.

What mod_log_forensic (ProFTPD 1.3.8) says of a file that it cannot open is said here, word for word. Otherwise than there, a
new file is 0600, a file that was rotated away is opened anew, parallel blocks do not run into each other, and a full disk is
tried a few times and then given up.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from vigilog.blackbox.own_descriptor import OwnDescriptor
from vigilog.core.errors import ConfigurationError, DeliveryError

TRIES = 3
"""How often a block is tried to be written."""
PAUSE = 0.02
"""Seconds between two tries."""
LOCK = 1.0
"""Seconds to wait for another process that writes its block; after them it is written without the lock, and the next ones
without waiting until the lock can be had again."""

Before = Callable[[int, int], int]
"""Called while the file is locked, with its descriptor and its end; gives the offset that the block will be written at:
that of `line_begun`, unless it cut something off."""

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC


def opened(path: str, *, allow_links: bool = False, mode: int = 0o600) -> int:
    """A descriptor of the file at `path` for appending; made with `mode` if it is not there.

    Raises DeliveryError with the real module's words: a parent directory that others may write to, a symbolic link (unless
    `allow_links`), anything that the system has against it.
    """
    directory = os.path.dirname(path) or "/"
    try:
        if os.stat(directory).st_mode & stat.S_IWOTH:
            raise _refused(path, "parent directory is world-writable")
        if not allow_links and os.path.islink(path):
            raise _refused(path, "cannot log to a symlink")
        return os.open(path, _FLAGS if allow_links else _FLAGS | os.O_NOFOLLOW, mode)
    except OSError as error:
        link = error.errno == errno.ELOOP and not allow_links
        raise _refused(path, "cannot log to a symlink" if link else error.strerror or str(error)) from error


def absolute(path: str) -> str:
    """`path`, if it is absolute. Raises ConfigurationError."""
    if not path.startswith("/"):
        raise ConfigurationError("must be an absolute path", expected="a path that begins with /")
    return path


class ForensicFile:
    """The file at `path`, an absolute one. It is opened at once, so that a process may give up its rights afterwards; if that
    fails, it is tried again for each block. Any thread may write. Raises ConfigurationError for a relative path, and nothing
    later.

    `notice` is called with a sentence for whatever went wrong.
    """

    def __init__(self, path: str, notice: Callable[[str], None], *, allow_links: bool = False, mode: int = 0o600) -> None:
        self.path = absolute(path)
        self._notice = notice
        self._allow_links = allow_links
        self._mode = mode
        self._file: OwnDescriptor | None = None
        self._patience = LOCK
        self._busy = threading.RLock()
        self._current()

    def append(self, data: bytes, before: Before | None = None) -> bool:
        """Appends `data`, whole; whether it is there."""
        with self._busy:
            file = self._current()
            for number in range(TRIES if file is not None else 0):
                if number:
                    time.sleep(PAUSE)
                try:
                    assert file is not None
                    self._append(file, data, before)
                except OSError as error:
                    trouble = error.strerror or str(error)
                else:
                    return True
            if file is not None:
                self._notice(f"a block of {len(data)} bytes is not written to {self.path}: {trouble}")
            return False

    def sync(self) -> None:
        """What was appended is safe from a loss of power, too."""
        with self._busy, suppress(OSError):
            # Devices and pipes cannot.
            if self._file is not None and (file := self._file.number) is not None:
                os.fsync(file)

    def after_fork(self) -> None:
        """In the child: whichever thread was at it is not here."""
        self._busy = threading.RLock()

    def close(self) -> None:
        """Closes the file."""
        with self._busy:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _current(self) -> int | None:
        own = self._file.number if self._file is not None else None
        if own is not None and _is_at(own, self.path):
            return own
        try:
            fresh = opened(self.path, allow_links=self._allow_links, mode=self._mode)
        except DeliveryError as error:
            # One that was rotated away and cannot be made anew is better than none.
            self._notice(str(error))
            return own
        if self._file is not None:
            self._file.close()
        self._file = OwnDescriptor(fresh)
        return fresh

    def _append(self, file: int, data: bytes, before: Before | None) -> None:
        locked = _locked(file, self._patience)
        # Whoever is stuck with the lock holds the program up once, not at each block.
        self._patience = LOCK if locked else 0.0
        try:
            end = os.fstat(file).st_size
            start = before(file, end) if before else line_begun(file, end)
            _write(file, data, start)
        finally:
            if locked:
                fcntl.flock(file, fcntl.LOCK_UN)


def line_begun(file: int, end: int) -> int:
    """The end of the open and locked `file`, which is `end` bytes long, where a line begins: behind a newline that ends what
    somebody was killed over, if need be. A marker that does not begin a line is none."""
    if not end:
        return end
    try:
        with open(f"/proc/self/fd/{file}", "rb", buffering=0) as again:
            torn = os.pread(again.fileno(), 1, end - 1) not in (b"\n", b"")
    except OSError:
        # A process that gave up its rights may write, but not look.
        return end
    return end + os.write(file, b"\n") if torn else end


def _refused(path: str, why: str) -> DeliveryError:
    return DeliveryError(f"unable to open ForensicLogFile '{path}': {why}")


def _is_at(descriptor: int, path: str) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except OSError:
        return False


def _locked(file: int, patience: float) -> bool:
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EINTR) or time.monotonic() >= until:
                return False
            time.sleep(0.005)
        else:
            return True


def _write(file: int, data: bytes, start: int) -> None:
    left = memoryview(data)
    written = 0
    try:
        while left:
            count = os.write(file, left)
            written += count
            left = left[count:]
    except OSError:
        # Half a block would be taken for one whose process died. Only what nobody has written after it can be taken back.
        if written and os.fstat(file).st_size == start + written:
            os.ftruncate(file, start)
        raise
