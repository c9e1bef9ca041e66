"""Mail addresses as people write them into configurations, made fit for headers and servers. Imported when a mail is sent."""

from __future__ import annotations

import os
import pwd
import re
import socket
from collections.abc import Iterable
from email.utils import getaddresses, quote

from vigilog.core.errors import DeliveryError

_ADDRESS = re.compile(r"[^\s<>(),;:\x00-\x1f\x7f]+")
_DRESSING = re.compile(r"""[\s<>"(),\\]""")

Mailbox = tuple[str, str]
"""A name, which may be empty, and an address: `user@domain` with the domain as it stands in the DNS, or `user`."""


def mailboxes(given: Iterable[str]) -> list[Mailbox]:
    """The mailboxes in `given`, each of which may hold several, separated by commas. Raises DeliveryError for others."""
    return [mailbox for text in given for mailbox in _parsed(text)]


def header(found: Iterable[Mailbox]) -> str:
    """Mailboxes as they stand in a header."""
    return ", ".join(f'"{quote(name)}" <{address}>' if name else address for name, address in found)


def own_address() -> str:
    """This user at this host."""
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        user = "vigilog"
    return f"{user}@{socket.getfqdn()}"


def _parsed(text: str) -> list[Mailbox]:
    found = getaddresses([text])
    # The library leaves out what it does not understand; here nothing may be left out.
    if not found or _bare("".join(name + address for name, address in found)) != _bare(text):
        raise _refused(text)
    return [(name, _dns(address)) for name, address in found]


def _bare(text: str) -> str:
    return _DRESSING.sub("", text)


def _dns(address: str) -> str:
    user, at, domain = address.rpartition("@")
    try:
        domain = domain.encode("idna").decode()
    except UnicodeError:
        domain = ""
    if not _ADDRESS.fullmatch(address) or not domain or (at and not user):
        raise _refused(address)
    return user + at + domain


def _refused(text: str) -> DeliveryError:
    return DeliveryError(f"not a mail address: {text!r}", remedy="correct mail.to or mail.sender")
