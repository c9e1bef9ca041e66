"""A file that lines are appended to: one write for each, by any number of processes at once, over log rotation."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from math import inf
from time import monotonic

from vigilog.core.errors import ConfigurationError
from vigilog.core.opening import opened
from vigilog.core.torn import is_torn
from vigilog.ledger.failure import Failure, said
from vigilog.ledger.forks import tell_of_forks

_LOOK = 0.02
"""Seconds from one look at the path to the next: at full speed a look for each line would cost as much as the line."""
_GONE = 0.02
"""So many seconds the old file is used after it was renamed: logrotate first renames, then makes the new one."""
_MODE = 0o600


class FileTarget:
    """The file at `path`, which is absolute. It is opened at once: raises ConfigurationError if that cannot be done.

    Once the path leads to another file (logrotate's `create`), or to none for 20 ms (`nocreate`), the next line goes to a file
    that is opened or made there. If that fails, the old one is used as long as it has a name. A file that was shortened
    (`copytruncate`) goes on from its new end. Where a look at the path shows half a line at its end, that is ended before the
    next. Lines that cannot be written are left to `failure`.
    """

    __slots__ = (
        *("__weakref__", "_changing", "_clock", "_failure", "_file", "_gone", "_is", "_look_at"),
        *("_nameless", "_path", "_refused", "_torn"),
    )

    def __init__(self, path: str, failure: Failure, *, clock: Callable[[], float] = monotonic) -> None:
        self._path, self._failure, self._clock = path, failure, clock
        try:
            self._file = opened(path, _MODE, last_link=False, devices=True)
        except OSError as error:
            raise ConfigurationError(
                f"the ledger {path!r} cannot be opened: {error.strerror}", remedy="nothing is served without it"
            ) from error
        self._is = self._identity()
        self._look_at = 0.0
        self._gone: float | None = None
        self._refused = False
        self._torn = False
        self._nameless = ""
        self._changing = threading.Lock()
        tell_of_forks(self)

    @property
    def lost(self) -> int:
        """How many lines could not be written. Of a strict ledger nobody will ever read another number than 0."""
        return self._failure.lost

    def write(self, line: bytes) -> None:
        """Appends `line`, which ends in a newline. Raises nothing."""
        if self._clock() >= self._look_at:
            line = self._looked(line)
            if not line:
                return
        try:
            written = os.write(self._file, line)
        except OSError as error:
            if line.startswith(b"\n"):
                self._torn, self._look_at = True, -inf
            self._failure(self._path, f"a line cannot be written: {error.strerror}")
            return
        if written != len(line):
            self._end_line()
            self._failure(self._path, f"only {written} of a line's {len(line)} bytes were written")

    def reopen(self) -> None:
        """The next line goes to what is at the path by then, for a program that is told of a rotation."""
        self._is = (0, 0)
        self._gone = -inf
        self._look_at = -inf

    def before_fork(self) -> None:
        """Nothing to do: the file is written to by both."""

    def after_fork(self) -> None:
        """A thread that is not in this process may have held the old lock."""
        self._changing = threading.Lock()

    def close(self) -> None:
        """No line can be written from now on."""
        with self._changing:
            if self._file >= 0:
                os.close(self._file)
            self._file = -1

    def _end_line(self) -> None:
        try:
            # So that the next line, of whichever process, is not taken for a part of this one.
            os.write(self._file, b"\n")
        except OSError:
            self._torn = True
            self._look_at = -inf

    def _looked(self, line: bytes) -> bytes:
        """What is to be written for `line`, after a look at the path; nothing if there is no file that has a name."""
        self._look(self._clock())
        if self._nameless:
            self._look_at = -inf
            self._failure(self._path, self._nameless)
            return b""
        if self._torn or is_torn(self._file):
            # Two processes may see it at once: then there is an empty line, which is none.
            self._torn = False
            return b"\n" + line
        return line

    def _look(self, now: float) -> None:
        self._look_at = now + _LOOK
        try:
            found = os.stat(self._path, follow_symlinks=False)
        except OSError as error:
            if error.errno == errno.ENOENT:
                if self._gone is None:
                    self._gone = now
                if now - self._gone < _GONE and self._has_name():
                    return
            self._change()
        else:
            if (found.st_dev, found.st_ino) != self._is:
                self._change()
            self._gone = None

    def _change(self) -> None:
        with self._changing:
            if self._file < 0:
                return
            try:
                file = opened(self._path, _MODE, last_link=False, devices=True)
            except OSError as error:
                self._keep(error)
                return
            # The number stays: another thread may be about to write to it.
            os.dup2(file, self._file, inheritable=False)
            os.close(file)
            self._is = self._identity()
            self._gone = None
            self._nameless = ""
            self._refused = self._torn = False

    def _keep(self, error: OSError) -> None:
        if not self._has_name():
            self._nameless = f"the file was removed, and a new one cannot be opened: {error.strerror}"
        elif not self._refused:
            self._refused = True
            said(f"{self._path}: cannot be opened again: {error.strerror}; the file that was opened first is used")

    def _has_name(self) -> bool:
        return os.fstat(self._file).st_nlink > 0

    def _identity(self) -> tuple[int, int]:
        found = os.fstat(self._file)
        return found.st_dev, found.st_ino
