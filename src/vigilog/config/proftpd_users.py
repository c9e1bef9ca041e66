"""Readers for files of users: AuthUserFile and AuthGroupFile, whether they may be trusted, and which of their entries are
used."""

from __future__ import annotations

import os
import stat

from vigilog.config.proftpd_regex import matcher
from vigilog.config.proftpd_words import Around, Bad, Parameters, Reader, whole

FOLLOWED = 40
"""How many symbolic links the way to a file may have, as in Linux."""


def file_options(parameters: Parameters, _around: Around) -> frozenset[str]:
    """`AuthFileOptions InsecurePerms SyntaxCheck`."""
    for word in parameters:
        if word not in {"InsecurePerms", "SyntaxCheck"}:
            raise Bad(f": unknown AuthFileOption '{word}'")
    return frozenset(parameters)


def file_of(name: str, *, secret: bool, filters: frozenset[str]) -> Reader:
    """A reader for AuthUserFile and AuthGroupFile: a path, and words that only some entries of the file are to be used."""

    def read(parameters: Parameters, around: Around) -> Parameters:
        path = parameters[0]
        if not path.startswith("/"):
            raise Bad(f"unable to use relative path for {name} '{path}'.")
        if not around.insecure and (reason := untrusted(path, secret=secret)):
            raise Bad(f"unable to use {path}: {reason}")
        for kind, value in zip(parameters[1::2], (*parameters[2::2], None), strict=False):
            if value is None:
                raise Bad("wrong number of parameters")
            restriction(kind.lower(), value, filters)
        return (path, *parameters[1:])

    return read


def restriction(kind: str, value: str, filters: frozenset[str]) -> None:
    """Raises Bad for a wrong `id MIN-MAX`, `name REGEX` or `home REGEX`."""
    if kind == "id":
        least, minus, most = value.partition("-")
        if not minus:
            raise Bad("badly formatted ID restriction parameter")
        for word, which in ((least, "minimum"), (most, "maximum")):
            if whole(word or "0") is None:
                raise Bad(f"badly formatted {which} ID")
        if int(least or 0) > int(most or 0):
            raise Bad("minimum cannot be larger than maximum")
    elif kind in filters:
        matcher(value.removeprefix("!"))
    else:
        raise Bad(f": unknown restriction '{kind}'")


def untrusted(path: str, *, secret: bool) -> str:
    """Why a file of users must not be used, '' where it may: others must not be able to write it or anything in its
    directory, nor to read it if it is secret."""
    try:
        for _ in range(FOLLOWED):
            if stat.S_IMODE(os.stat(os.path.dirname(path) or "/").st_mode) & stat.S_IWOTH and os.path.lexists(path):
                return "Operation not permitted"
            if not os.path.islink(path):
                break
            path = os.path.join(os.path.dirname(path), os.readlink(path))
        mode = os.stat(path).st_mode
    except OSError as error:
        return error.strerror or str(error)
    if stat.S_ISDIR(mode):
        return "Is a directory"
    forbidden = stat.S_IWOTH | (stat.S_IROTH if secret else 0)
    return "Operation not permitted" if mode & forbidden else ""


def admits(restrictions: tuple[str, ...], name: str, number: int, home: str = "") -> bool:
    """Whether an entry with that name, number and home is used. `restrictions` are words and values as they stand behind
    the path; a value with `!` in front means those that it does not match. What has no home is not asked for it."""
    for kind, value in zip(restrictions[::2], restrictions[1::2], strict=True):
        if kind.lower() == "id":
            least, _, most = value.partition("-")
            if not int(least or 0) <= number <= int(most or 0):
                return False
            continue
        found = matcher(value.removeprefix("!"))(name if kind.lower() == "name" else home)
        if found == value.startswith("!"):
            return False
    return True


READERS: dict[str, Reader] = {
    "AuthFileOptions": file_options,
    "AuthGroupFile": file_of("AuthGroupFile", secret=False, filters=frozenset({"name"})),
    "AuthUserFile": file_of("AuthUserFile", secret=True, filters=frozenset({"name", "home"})),
}
