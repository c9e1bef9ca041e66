"""A log that is appended to and never waited for."""

from __future__ import annotations

import errno
import os
import stat


class LogFile:
    """One file (or pipe) of lines. `write` never raises and never blocks: what could not be written is counted in `lost`.

    It is opened when it is made, with the rights of that moment, mode 0600, and no symbolic link is followed unless `links`
    allows it; nothing is made in a directory that others may write. `trouble` says why it is not open ('' if it is)."""

    def __init__(self, path: str, *, links: bool = False) -> None:
        self.path = path
        self.lost = 0
        self.trouble = ""
        self._links = links
        self._descriptor = -1
        self._identity = (0, 0)
        self.reopen()

    def reopen(self) -> None:
        """Opens the path anew. What is open stays, if that cannot be done."""
        try:
            opened = opened_for_appending(self.path, links=self._links)
            found = os.fstat(opened)
        except OSError as error:
            self.trouble = error.strerror or str(error)
            return
        former, self._descriptor, self.trouble = self._descriptor, opened, ""
        self._identity = (found.st_dev, found.st_ino)
        if former >= 0:
            os.close(former)

    def moved(self) -> bool:
        """Whether another file, or none, stands at the path now."""
        try:
            found = os.stat(self.path)
        except OSError:
            return True
        return (found.st_dev, found.st_ino) != self._identity

    def write(self, line: bytes) -> None:
        """Appends the line and its newline in one write."""
        try:
            written = os.write(self._descriptor, line + b"\n")
        except OSError:
            written = 0
        self.lost += written <= len(line)

    def close(self) -> None:
        """Nothing is written after this."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def opened_for_appending(path: str, *, links: bool) -> int:
    """A descriptor. Raises OSError: ELOOP for a symbolic link, EPERM for a directory that others may write, EINVAL for a path
    that does not begin at the root."""
    if not path.startswith("/"):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    directory = os.stat(os.path.dirname(path))
    if not stat.S_ISDIR(directory.st_mode):
        raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    if directory.st_mode & stat.S_IWOTH:
        raise OSError(errno.EPERM, "parent directory is world-writable")
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_NOCTTY
    try:
        return os.open(path, flags if links else flags | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP and not links:
            raise OSError(errno.ELOOP, "cannot log to a symlink") from None
        raise
