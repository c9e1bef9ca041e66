"""Virtual hosts: which target a request's lines go to, by its Host header."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from vigilog.core.errors import ConfigurationError
from vigilog.ledger.headers import Header
from vigilog.ledger.target import Target, Write, nowhere

_KEPT = 1024
_LONGEST_KEPT = 255


class Hosts:
    """`of` gives targets by the name of a host (`*.example.com`: all names below it), `main` is for all others.

    Names are compared without case, port and a dot at their end. Raises ConfigurationError for a name that no host can have.
    """

    def __init__(self, of: Mapping[str, Target | None], main: Target | None) -> None:
        for name in of:
            if not name or ":" in name.partition("]")[2] or (":" in name and not name.startswith("[")) or "*" in name[1:]:
                raise ConfigurationError(f"the host {name!r}", expected="a name without port, [IPv6 ADDRESS] or *.NAME")
        self._of = {_bare(_encoded(name)): target for name, target in of.items()}
        self._main = main
        self._kept: dict[bytes, Write] = {}

    @property
    def targets(self) -> list[Target]:
        """All of them, each once."""
        return list({id(each): each for each in (self._main, *self._of.values()) if each}.values())

    def write_for(self, headers: Collection[Header]) -> Write:
        """What writes the lines of a request with these headers."""
        host = next((value for name, value in headers if len(name) == 4 and name.lower() == b"host"), b"")
        try:
            return self._kept[host]
        except KeyError:
            target = self._target(_bare(host))
            write = target.write if target else nowhere
            # Clients make hosts up.
            if len(self._kept) < _KEPT and len(host) <= _LONGEST_KEPT:
                self._kept[host] = write
            return write

    def _target(self, name: bytes) -> Target | None:
        if name in self._of:
            return self._of[name]
        while name:
            _, _, name = name.partition(b".")
            if b"*." + name in self._of:
                return self._of[b"*." + name]
        return self._main


def _encoded(name: str) -> bytes:
    try:
        return name.encode("ascii" if name.isascii() else "idna")
    except UnicodeError as error:
        raise ConfigurationError(f"the host {name!r}", expected="a name that the domain name system can have") from error


def _bare(host: bytes) -> bytes:
    if host.startswith(b"["):
        return host.partition(b"]")[0].lower() + b"]"
    return host.partition(b":")[0].lower().rstrip(b".")
