"""Which files an Include means: a file, all files of a directory, or those that a pattern matches, in the order of their
names."""

from __future__ import annotations

import errno
import glob
import os
from fnmatch import fnmatchcase

from vigilog.config.proftpd_words import Bad

TEMPORARY = ("*~", "*.sw?")
OPTIONS = frozenset({"AllowSymlinks", "IgnoreTempFiles", "IgnoreWildcards"})


class Absent(Exception):
    """What an Include names cannot be had, which ProFTPD only warns of; the text says why."""


def included(path: str, options: frozenset[str]) -> list[str]:
    """The paths of the files. Raises Bad for a path that cannot be meant, Absent for what is not there."""
    if not path.startswith("/") or "\0" in path:
        raise Bad(f"unable to use path for configuration file '{path}'")
    if glob.has_magic(path):
        return matching(path, options)
    if os.path.isdir(path) and not os.path.islink(path):
        return kept([os.path.join(path, name) for name in listed(path)], options)
    if not os.path.lexists(path):
        raise Absent(os.strerror(errno.ENOENT))
    return [path]


def matching(path: str, options: frozenset[str]) -> list[str]:
    """The files that a pattern matches. A name that begins with a dot is matched by a dot only."""
    directory = os.path.dirname(path)
    if glob.has_magic(directory):
        if "IgnoreWildcards" in options:
            raise Bad(f"error including '{path}': {os.strerror(errno.EINVAL)}")
        if not glob.glob(directory):
            raise Absent(os.strerror(errno.ENOENT))
    elif not os.path.isdir(directory):
        raise Absent(os.strerror(errno.ENOENT))
    elif os.path.islink(directory) and "AllowSymlinks" not in options:
        raise Absent(os.strerror(errno.ENOTDIR))
    return kept(sorted(glob.glob(path), key=os.fsencode), options)


def listed(directory: str) -> list[str]:
    """The names in a directory, in the order of their bytes."""
    try:
        return sorted(os.listdir(directory), key=os.fsencode)
    except OSError as error:
        raise Absent(error.strerror or str(error)) from None


def kept(paths: list[str], options: frozenset[str]) -> list[str]:
    """What of them is read: no directories, and no editor's files where these are not wanted."""
    temporary = TEMPORARY if "IgnoreTempFiles" in options else ()
    return [
        path
        for path in paths
        if not os.path.isdir(path) and not any(fnmatchcase(os.path.basename(path), each) for each in temporary)
    ]
