"""Who or what is asked about, recognised by its form."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal, NamedTuple

from vigilog.core.errors import ConfigurationError, RuleError
from vigilog.parse.forensic_id import made
from vigilog.patterns import regex

Kind = Literal["address", "network", "user", "session", "pattern"]

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_PROCESS = re.compile(r"[\w./-]+\[\d{1,10}\]")
_USER = re.compile(r"[^\W\d][\w.-]*\$?(?:@[\w.-]+)?")
_FIRST_ID, _LAST_ID = 946_684_800, 4_102_444_800
"""What looks like the ID of a request is one if the time in it lies between the years 2000 and 2100."""
_LONGEST = 1024


class Subject(NamedTuple):
    """What is asked about. `text` is an address or a network in its shortest form, everything else as it was given."""

    kind: Kind
    text: str

    @property
    def network(self) -> Network | None:
        """The network, or that of the address alone; None for all other kinds."""
        return ip_network(self.text) if self.kind in {"address", "network"} else None

    @property
    def pattern(self) -> bytes:
        """The text as logs have it."""
        return self.text.encode("utf-8", "surrogateescape")


def subject(text: str, kind: Kind | None = None) -> Subject:
    """The subject that `text` names: of the kind that it is said to be, or else of the first whose form it has.

    An IPv4 address that is mapped into IPv6 is the IPv4 one. Raises ConfigurationError if it cannot be of that kind.
    """
    if not text or len(text) > _LONGEST or "\n" in text:
        raise ConfigurationError(f"a subject of {len(text)} characters", expected=f"1 to {_LONGEST}, in one line")
    for one in KINDS if kind is None else (kind,):
        found = _FORMS[one](text) if kind is None else _SAID[one](text)
        if found is not None:
            if one == "pattern":
                _checked(found)
            return Subject(one, found)
    raise ConfigurationError(f'"{text}" is no {kind}', expected=_EXPECTED[kind or "pattern"])


def address(text: str) -> Address | None:
    """An address, an IPv4 one also where it is mapped into IPv6; None if `text` is none."""
    try:
        found = ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def _address(text: str) -> str | None:
    found = address(text)
    return None if found is None else str(found)


def _network(text: str) -> str | None:
    if "/" not in text:
        return None
    try:
        found = ip_network(text, strict=False)
    except ValueError:
        return None
    mapped = found.network_address.ipv4_mapped if isinstance(found, IPv6Network) and found.prefixlen >= 96 else None
    return f"{mapped}/{found.prefixlen - 96}" if mapped else str(found)


def _session(text: str) -> str | None:
    if _PROCESS.fullmatch(text):
        return text
    request = made(text.encode("utf-8", "surrogateescape"))
    return text if request and _FIRST_ID <= request.time < _LAST_ID else None


def _user(text: str) -> str | None:
    return text if _USER.fullmatch(text) else None


def _anything(text: str) -> str:
    return text


def _checked(text: str) -> None:
    try:
        regex.parse(text.encode("utf-8", "surrogateescape"))
    except RuleError as error:
        remedy = "put a backslash before what is meant as it stands, or say what it is with --as"
        raise ConfigurationError(error.found, expected=error.expected, remedy=remedy) from error


_FORMS = {"address": _address, "network": _network, "session": _session, "user": _user, "pattern": _anything}
_SAID = {"address": _address, "network": _network, "session": _anything, "user": _anything, "pattern": _anything}
_EXPECTED: dict[Kind, str] = {
    "address": "an IPv4 or IPv6 address",
    "network": "a network such as 192.0.2.0/24 or 2001:db8::/32",
    "user": "the name of a user",
    "session": "the name of a session, such as sshd[4711], or the ID of a request",
    "pattern": "a regular expression as Python's re has it",
}
KINDS: tuple[Kind, ...] = ("address", "network", "session", "user", "pattern")
