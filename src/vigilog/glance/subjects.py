"""Whom something is about: which values are addresses, and which are users' names."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from vigilog.store.looks import Noted

USERS = frozenset({"user", "username", "login", "account", "name", "ruser"})
"""What a field with a user's name is called."""


@lru_cache(maxsize=65_536)
def address(value: str) -> IPv4Address | IPv6Address | None:
    """The address that a value is; None if it is none."""
    try:
        return ip_address(value) if len(value) <= 45 else None
    except ValueError:
        return None


def addresses(alert: Noted) -> Iterator[str]:
    """The addresses of an alert: in its key, else among the fields of its last event."""
    found = [value for value in alert.key if address(value)]
    yield from found or (value for value in alert.fields.values() if address(value))


def users(alert: Noted) -> Iterator[str]:
    """The users' names among the fields of an alert's last event."""
    return (value for name, value in alert.fields.items() if name in USERS and value and not address(value))


def targets(value: str) -> list[str]:
    """How an address can stand among the bans: itself, and each network that it is in."""
    found = address(value)
    if found is None:
        return [value]
    return [str(found), *(str(ip_network((found, length), strict=False)) for length in range(found.max_prefixlen))]
