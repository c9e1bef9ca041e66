"""Whether a program may be run with this process's rights: nobody else may be able to put other words into its mouth."""

from __future__ import annotations

import os
import stat


def fault(path: str) -> str:
    """What is wrong with the program at `path`, in a few words; empty: nothing.

    It must be named from the root and be a file that this user may execute. It, what links lead to it and all directories above
    must belong to root or to this user, and no group and nobody else may write to them (directories with the sticky bit, such
    as /tmp, are taken).
    """
    if not os.path.isabs(path):
        return "its path must begin with /"
    try:
        real = os.path.realpath(path, strict=True)
        found = os.stat(real)
        if not stat.S_ISREG(found.st_mode):
            return "it is not a file"
        if not os.access(real, os.X_OK, effective_ids=True):
            return f"it may not be executed ({stat.filemode(found.st_mode)}); run: chmod +x {path}"
        return _writers(real, found) or _above(real) or _above(os.path.abspath(path))
    except OSError as error:
        return f"{error.filename or path}: {error.strerror}"


def _above(path: str) -> str:
    while path != "/":
        path = os.path.dirname(path)
        found = os.stat(path)
        if not found.st_mode & stat.S_ISVTX and (said := _writers(path, found)):
            return said
    return ""


def _writers(path: str, found: os.stat_result) -> str:
    if found.st_uid not in (0, os.geteuid()):
        return f"{path} belongs to user {found.st_uid}, who could change it"
    if found.st_mode & 0o022:
        return f"others may write to {path} ({stat.filemode(found.st_mode)}); run: chmod go-w {path}"
    return ""
