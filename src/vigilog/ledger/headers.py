"""Request headers as the ledger writes them: repeated ones joined, and a spelling for names whose case was lost.

Apache joins what is repeated with `, `, in the place of the first and under its spelling. It knows how a name was written, and
so does the ledger where it is told. ASGI gives names in lower case, WSGI as `HTTP_X_NAME`: these are written as Apache itself
writes the names of HTTP/2, which have no case either: the first letter of each part between hyphens is a capital
(`X-Request-Id`, `User-Agent`, `Dnt`, `Sec-Websocket-Key`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from vigilog.core.errors import ConfigurationError

_CAPITALS = re.compile(rb"(?s)(?:\A|-).")

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

Header = tuple[bytes, bytes]
"""Name and value, as they came: not escaped."""


def header_name(name: str) -> str:
    """`name`, if it can be a header's (a token of RFC 9110). Raises ConfigurationError."""
    if not _NAME.fullmatch(name):
        raise ConfigurationError(f"the header {name!r}", expected="the name of a header, such as X-Request-Id")
    return name


def canonical(name: bytes) -> bytes:
    """A name without case as Apache spells it: a letter at the beginning and behind each hyphen is a capital (behind two it is
    not: the second hyphen stands where the letter would)."""
    return _CAPITALS.sub(_capital, name)


def _capital(found: re.Match[bytes]) -> bytes:
    return found[0].upper()


def of_environ(environ: Mapping[str, object]) -> list[Header]:
    """The headers in a WSGI environ, in its order and in canonical form. The server has joined repeated ones.

    Of `HTTP_X_A` nobody can tell whether it was `X-A` or `X_A`; it is written as `X-A`. Empty `CONTENT_TYPE` and
    `CONTENT_LENGTH` are what servers write for a request without them; they are left out.
    """
    found = []
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            name = key[5:]
        elif key in ("CONTENT_TYPE", "CONTENT_LENGTH") and value:
            name = key
        else:
            continue
        found.append((canonical(name.replace("_", "-").lower().encode("latin-1", "replace")), latin(value)))
    return found


def joined(headers: Sequence[Header]) -> list[Header]:
    """`headers` with repeated ones joined as Apache joins them. Names are compared without regard to case."""
    if len({name.lower() for name, _ in headers}) == len(headers):
        return list(headers)
    places: dict[bytes, tuple[bytes, list[bytes]]] = {}
    for name, value in headers:
        places.setdefault(name.lower(), (name, []))[1].append(value)
    return [(name, b", ".join(values)) for name, values in places.values()]


def latin(value: object) -> bytes:
    """A value of a WSGI environ as the bytes that came: the strings there hold one byte in each character."""
    return str(value).encode("latin-1", "replace")
