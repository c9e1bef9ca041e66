"""Who may come in, as it stands once the configuration, the password's file and this host were looked at."""

from __future__ import annotations

from typing import Literal, NamedTuple

COOKIE = "vigilog"
SECURE_COOKIE = "__Host-vigilog"
"""A browser takes it over TLS only, and from this very host."""


class Entrance(NamedTuple):
    """`login`: by password (`password` is its hash's line), by the key in the address that was printed (`key`), by a proxy that
    asks from `proxies` and names the user in `header`, or none. `names` are those under which the dashboard may be asked for,
    small letters, addresses in brackets if IPv6; none: whatever a proxy calls it. `tls`: it is reached by TLS."""

    login: Literal["password", "key", "proxy", "none"]
    names: frozenset[str]
    tls: bool
    password: str = ""
    key: str = ""
    header: str = ""
    proxies: frozenset[str] = frozenset()

    @property
    def cookie(self) -> str:
        """What the session's cookie is called."""
        return SECURE_COOKIE if self.tls else COOKIE
