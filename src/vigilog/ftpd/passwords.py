"""Whether a password is the one that a hash was made of."""

from __future__ import annotations

import ctypes
import ctypes.util
import hmac

from passlib.context import CryptContext

OLDER = CryptContext(["sha512_crypt", "sha256_crypt", "md5_crypt", "bcrypt", "apr_md5_crypt", "des_crypt", "bsdi_crypt"])
"""What the C library may not know (apr1), or what is there when there is no C library that knows any."""

NOBODYS = "$6$vigilog0$zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"
"""A hash that no password has, and that takes as long to compare as others."""


def library() -> ctypes.CDLL | None:
    """The C library that hashes passwords: it knows whatever /etc/shadow holds, yescrypt too."""
    name = ctypes.util.find_library("crypt")
    if name is None:
        return None
    found = ctypes.CDLL(name)
    found.crypt_r.restype = ctypes.c_char_p
    found.crypt_r.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p)
    return found


CRYPT = library()
ROOM = 1 << 18
"""Bytes that crypt_r(3) works in: more than struct crypt_data has anywhere."""


def crypt(secret: bytes, salt: bytes) -> bytes | None:
    """The hash of a secret as the C library makes it, if it knows how; in any thread."""
    if CRYPT is None:
        return None
    made: bytes | None = CRYPT.crypt_r(secret, salt, ctypes.create_string_buffer(ROOM))
    return made if made is not None and not made.startswith(b"*") else None


def same(password: str, hashed: str) -> bool:
    """Whether `hashed` (crypt(5)) was made of the password. An empty, locked or unknown hash fits none."""
    secret, salt = password.encode("utf-8", "surrogateescape"), hashed.encode("utf-8", "surrogateescape")
    if not salt or salt[:1] in b"!*" or b"\0" in secret:
        return False
    if not salt.startswith(b"$apr1$"):
        made = crypt(secret, salt)
        if made is not None:
            return hmac.compare_digest(made, salt)
    try:
        return bool(OLDER.verify(secret, hashed))
    except (ValueError, TypeError):
        return False
