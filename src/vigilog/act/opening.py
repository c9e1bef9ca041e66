"""Opens a file for appending without being led elsewhere by those who may write to a directory on the way."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress

_LINKS = 40
_WAY = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def opened(path: str, mode: int) -> int:
    """A descriptor of the file at `path`, an absolute path, for appending; made with `mode` if it is not there.

    Symbolic links are followed only in directories that root or this user owns and no group and nobody else may write to. In
    other directories the file must be this user's or root's, and have no second name. Raises OSError.
    """
    directory = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        left = _parts(path)
        links = 0
        while left:
            name = left.pop(0)
            target = _link(name, directory)
            if target is not None:
                links += 1
                if links > _LINKS:
                    raise _error(errno.ELOOP, path)
                if _open_to_others(directory):
                    raise OSError(errno.ELOOP, f"the link {name} lies where others may write", path)
                if target.startswith("/"):
                    directory = _changed(directory, os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC))
                left = _parts(target) + left
            elif left:
                directory = _changed(directory, os.open(name, _WAY | os.O_DIRECTORY, dir_fd=directory))
            else:
                return _checked(_made(name, directory, mode), directory, path)
        raise _error(errno.EISDIR, path)
    finally:
        os.close(directory)


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]


def _changed(old: int, new: int) -> int:
    os.close(old)
    return new


def _link(name: str, directory: int) -> str | None:
    try:
        return os.readlink(name, dir_fd=directory)
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.ENOENT):
            return None
        raise


def _made(name: str, directory: int, mode: int) -> int:
    with suppress(FileNotFoundError):
        return os.open(name, _FILE, dir_fd=directory)
    try:
        descriptor = os.open(name, _FILE | os.O_CREAT | os.O_EXCL, mode, dir_fd=directory)
    except FileExistsError:
        # Somebody else made it in between, such as another action.
        return os.open(name, _FILE, dir_fd=directory)
    else:
        # The mode that was asked for, whatever the umask.
        os.fchmod(descriptor, mode)
        return descriptor


def _checked(descriptor: int, directory: int, path: str) -> int:
    found = os.fstat(descriptor)
    said = ""
    if not stat.S_ISREG(found.st_mode):
        said = "it is not a file"
    elif _open_to_others(directory) and (found.st_uid not in (0, os.geteuid()) or found.st_nlink > 1):
        said = "it lies where others may write, and one of them may have put it there"
    if said:
        os.close(descriptor)
        raise OSError(errno.EPERM, said, path)
    return descriptor


def _open_to_others(directory: int) -> bool:
    found = os.fstat(directory)
    return found.st_uid not in (0, os.geteuid()) or bool(found.st_mode & 0o022)


def _error(number: int, path: str) -> OSError:
    return OSError(number, os.strerror(number), path)
