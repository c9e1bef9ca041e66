"""Opens a ledger for appending without being led elsewhere by others who may write to a directory on the way."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from contextlib import suppress

_LINKS = 40
_APPEND = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_SHORTLY = 0.01


def opened(path: str) -> int:
    """A descriptor of the file or character device at the absolute `path`, for appending; a new file is 0600.

    The file itself must not be a symbolic link. Links above it are followed only in directories that nobody but root and this
    user may write to; in other directories the file must be this user's or root's and have no second name. A file that ends in
    the middle of a line, because a process was killed or a disk was full, gets a newline. Raises OSError.
    """
    folder, name = os.path.split(path)
    if name in ("", ".", ".."):
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    directory = _walked(folder)
    try:
        file = os.open(name, _APPEND | os.O_CREAT, 0o600, dir_fd=directory)
        try:
            _check(file, directory, path)
            _end_line(file)
        except OSError:
            os.close(file)
            raise
        return file
    finally:
        os.close(directory)


def _walked(folder: str) -> int:
    here = os.open("/", _DIRECTORY)
    try:
        left = folder.split("/")
        links = 0
        while left:
            name = left.pop(0)
            if name in ("", "."):
                continue
            if (target := _link(name, here)) is None:
                here = _replaced(here, os.open(name, _DIRECTORY, dir_fd=here))
                continue
            links += 1
            if links > _LINKS or _open_to_others(here):
                raise OSError(errno.ELOOP, f"the link {name} lies where others may write", folder)  # noqa: TRY301
            if target.startswith("/"):
                here = _replaced(here, os.open("/", _DIRECTORY))
            left = target.split("/") + left
    except OSError:
        os.close(here)
        raise
    return here


def _link(name: str, directory: int) -> str | None:
    try:
        return os.readlink(name, dir_fd=directory)
    except OSError as error:
        if error.errno == errno.EINVAL:
            return None
        raise


def _replaced(old: int, new: int) -> int:
    os.close(old)
    return new


def _check(file: int, directory: int, path: str) -> None:
    found = os.fstat(file)
    if stat.S_ISCHR(found.st_mode):
        return
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EPERM, "it is not a file", path)
    if _open_to_others(directory) and (found.st_uid not in (0, os.geteuid()) or found.st_nlink > 1):
        raise OSError(errno.EPERM, "it lies where others may write, and one of them may have put it there", path)


def _open_to_others(directory: int) -> bool:
    found = os.fstat(directory)
    return found.st_uid not in (0, os.geteuid()) or bool(found.st_mode & 0o022)


def _end_line(file: int) -> None:
    if not stat.S_ISREG(os.fstat(file).st_mode) or not _is_torn(file):
        return
    # Several workers start at once, and only one of them shall add it.
    with suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            size = os.fstat(file).st_size
            # What looks torn may be a line that another process is just writing.
            time.sleep(_SHORTLY)
            if os.fstat(file).st_size == size and _is_torn(file):
                os.write(file, b"\n")
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)


def _is_torn(file: int) -> bool:
    size = os.fstat(file).st_size
    if not size:
        return False
    try:
        reader = os.open(f"/proc/self/fd/{file}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.pread(reader, 1, size - 1) not in (b"\n", b"")
    finally:
        os.close(reader)
