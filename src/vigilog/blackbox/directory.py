"""The directory of ring files: nobody else may put anything there."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress


def prepared(directory: str) -> str:
    """`directory`, an absolute path; it is made (0700) if only it is missing. Raises OSError if it is not there and cannot be
    made, belongs to neither root nor this user, or others may write to it."""
    if not directory.startswith("/"):
        raise OSError(errno.EINVAL, "must be an absolute path", directory)
    with suppress(FileExistsError):
        os.mkdir(directory, 0o700)
    found = os.stat(directory)
    if not stat.S_ISDIR(found.st_mode):
        raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), directory)
    if found.st_mode & 0o022 or found.st_uid not in (0, os.geteuid()):
        raise OSError(errno.EPERM, "others may write to it", directory)
    return directory
