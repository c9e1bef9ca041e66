"""Opens a file for appending without being led elsewhere by those who may write to a directory on the way."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress

_LINKS = 40
_WAY = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def opened(path: str, mode: int, *, last_link: bool = True, devices: bool = False) -> int:
    """A descriptor of the file at `path`, an absolute path, for appending; made with `mode` if it is not there.

    Symbolic links are followed only in directories that root or this user owns and no group and nobody else may write to; the
    file itself may be one only with `last_link`. In other directories the file must be this user's or root's, and have no
    second name. With `devices` it may be a character device, too. Raises OSError.
    """
    if path.endswith("/"):
        raise _error(errno.EISDIR, path)
    directory = os.open("/", _WAY)
    try:
        left = _parts(path)
        links = 0
        while left:
            name = left.pop(0)
            target = _link(name, directory) if left or last_link else None
            if target is not None:
                links += 1
                if links > _LINKS:
                    raise _error(errno.ELOOP, path)
                if _open_to_others(directory):
                    raise OSError(errno.ELOOP, f"the link {name} lies where others may write", path)
                if target.startswith("/"):
                    directory = _changed(directory, os.open("/", _WAY))
                left = _parts(target) + left
            elif left:
                directory = _changed(directory, os.open(name, _WAY, dir_fd=directory))
            else:
                return _checked(_made(name, directory, mode), directory, path, devices=devices)
        raise _error(errno.EISDIR, path)  # /.
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
        # Somebody else made it in between, such as another process of the same service.
        return os.open(name, _FILE, dir_fd=directory)
    else:
        # The mode that was asked for, whatever the umask.
        os.fchmod(descriptor, mode)
        return descriptor


def _checked(descriptor: int, directory: int, path: str, *, devices: bool) -> int:
    found = os.fstat(descriptor)
    if devices and stat.S_ISCHR(found.st_mode):
        return descriptor
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
