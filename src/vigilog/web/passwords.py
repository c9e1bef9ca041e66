"""The password of the dashboard, as a hash in a file of its own: `scrypt$N$r$p$SALT$HASH`, the last two in Base64
(RFC 7914)."""

from __future__ import annotations

import os
import stat
from base64 import b64decode, b64encode
from hashlib import scrypt
from hmac import compare_digest
from secrets import token_bytes

from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place

COST, BLOCK, PARALLEL = 1 << 15, 8, 1
_MEMORY = 1 << 27
_LONGEST = 1024
SHORTEST = 8
"""A password has so many characters at least."""


def hashed(password: str) -> str:
    """The line that stands for a password."""
    salt = token_bytes(16)
    digest = scrypt(_bytes(password), salt=salt, n=COST, r=BLOCK, p=PARALLEL, maxmem=_MEMORY)
    return f"scrypt${COST}${BLOCK}${PARALLEL}${b64encode(salt).decode()}${b64encode(digest).decode()}"


def matches(password: str, line: str) -> bool:
    """Whether the line stands for this password. Takes a tenth of a second, by design. Raises ValueError for a line that
    `hashed` did not write."""
    name, cost, block, parallel, salt, digest = line.split("$")
    if name != "scrypt":
        raise ValueError(name)
    if len(password) > _LONGEST:
        return False
    wanted = b64decode(digest, validate=True)
    found = scrypt(
        _bytes(password),
        salt=b64decode(salt, validate=True),
        n=int(cost),
        r=int(block),
        p=int(parallel),
        dklen=len(wanted),
        maxmem=_MEMORY,
    )
    return compare_digest(found, wanted)


def read(path: str) -> str | None:
    """The line in the file; None if there is no file. Raises ConfigurationError if others may read it, or it holds none."""
    place = Place(path)
    try:
        with open(os.open(path, os.O_RDONLY | os.O_CLOEXEC), encoding="ascii", errors="replace") as file:
            if os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise ConfigurationError("others may read it", place=place, remedy=f"run: chmod 600 {path}")
            line = file.readline().strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", place=place) from error
    try:
        matches("", line)
    except ValueError as error:
        remedy = "write it with `vigilog web --set-password`"
        raise ConfigurationError("no hash of a password", place=place, remedy=remedy) from error
    return line


def write(path: str, password: str) -> None:
    """Puts the password's hash into the file, 0600, in place of what was there. Raises ConfigurationError."""
    if not SHORTEST <= len(password) <= _LONGEST:
        expected = f"from {SHORTEST} up to {_LONGEST} characters"
        raise ConfigurationError("the password is too short or too long", expected=expected)
    new = f"{path}.new"
    try:
        os.makedirs(os.path.dirname(path) or ".", mode=0o700, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(new, flags, 0o600), "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(hashed(password) + "\n")
        os.replace(new, path)
    except OSError as error:
        raise ConfigurationError(f"cannot be written: {error.strerror}", place=Place(path)) from error


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogateescape")
