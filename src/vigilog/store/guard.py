"""Files in a directory that is ours alone: nobody else could have put a symbolic link or a file of theirs in the way."""

from __future__ import annotations

import os
import stat

from vigilog.core.errors import StoreError
from vigilog.core.nouns import Place


def guarded_directory(directory: str) -> str:
    """Makes `directory` (0700, and what leads to it) if it is not there; gives its absolute path.

    Raises StoreError if it is something else, is a symbolic link, belongs to another user than this one or root, or if others
    may write in it.
    """
    path = os.path.abspath(directory)
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
        found = os.lstat(path)
    except OSError as error:
        raise refused(path, f"the directory cannot be used: {error.strerror}", remedy=_remedy(error)) from error
    if stat.S_ISLNK(found.st_mode) or not stat.S_ISDIR(found.st_mode):
        raise refused(path, "not a directory" if not stat.S_ISLNK(found.st_mode) else "a symbolic link", "a directory")
    if found.st_uid not in (os.geteuid(), 0):
        raise refused(
            path, f"it belongs to user {found.st_uid}", f"user {os.geteuid()}", "run as its owner, or give it to this user"
        )
    if found.st_mode & 0o022:
        raise refused(path, f"others may write in it ({stat.filemode(found.st_mode)})", "drwx------", f"run: chmod go-w {path}")
    return path


def guarded_file(directory: str, name: str) -> str:
    """The path of the file `name` in a guarded directory, made empty and 0600 if it is not there.

    An existing one is looked at but not opened: closing it would drop the locks that SQLite holds on it in this process.
    Raises StoreError if it is a symbolic link or anything but a file, or belongs to somebody else.
    """
    path = os.path.join(directory, name)
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        checked_file(path)
    except OSError as error:
        raise refused(path, f"it cannot be made: {error.strerror}", remedy=_remedy(error)) from error
    return path


def checked_file(path: str) -> None:
    """Raises StoreError if something stands at `path` that is not a file of this user, readable by nobody else."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return
    if not stat.S_ISREG(found.st_mode):
        what = "a symbolic link" if stat.S_ISLNK(found.st_mode) else "not a file"
        raise refused(path, what, "a file", "find out who put it there, and remove it")
    if found.st_uid != os.geteuid():
        raise refused(
            path, f"it belongs to user {found.st_uid}", f"user {os.geteuid()}", "run as its owner, or give it to this user"
        )
    if found.st_mode & 0o077:
        os.chmod(path, 0o600, follow_symlinks=True)


def _remedy(error: OSError) -> str:
    return "run it as root, or as the user it belongs to" if isinstance(error, PermissionError) else ""


def refused(path: str, found: str, expected: str = "", remedy: str = "") -> StoreError:
    """The error about the file or directory `path`."""
    return StoreError(found, place=Place(path), expected=expected, remedy=remedy)
