"""What a list says of a block: when, who, from where. Read out of ProFTPD's blocks as well, which have less in their header."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from vigilog.cli.blackbox_files import Found
from vigilog.parse.forensics import Block, Message
from vigilog.parse.stamps import stamp

_TRIED = re.compile(
    rb"(?:dispatching (?:PRE_CMD|CMD) command 'USER (?P<asked>.{1,512}?)' to "
    rb"|: USER (?P<refused>.{1,512}?)(?: \(Login failed\)|: no such user found from ))"
)
_LATER = 86_400.0
Network = IPv4Network | IPv6Network


class Facts:
    """What is known of one block; each fact is looked for when it is asked for."""

    def __init__(self, found: Found) -> None:
        self.found, self.block = found, found.block

    @cached_property
    def first(self) -> float | None:
        """The time of the first message that has one, in seconds since the epoch; that of the session's begin if none has."""
        return self._stamped(self.block.messages) or self._begun()

    @cached_property
    def last(self) -> float | None:
        """The time of the last message that has one; that of the block if none has."""
        return self._stamped(reversed(self.block.messages)) or written(self.block) or self.first

    @cached_property
    def client(self) -> str:
        """The client's address as the header has it; '' if it has none."""
        return self.block.value("Client-Address") or ""

    @cached_property
    def user(self) -> str:
        """Whoever was logged in, '' if nobody."""
        return self.block.value("User") or ""

    @cached_property
    def tried(self) -> str:
        """The user name that was tried last; '' if that is not known. ProFTPD has it in its messages only."""
        told = self.block.value("Attempted-User")
        if told is not None or self.user:
            return told or ""
        for message in reversed(self.block.messages):
            if match := _TRIED.search(message.text[:2048]):
                return (match["asked"] or match["refused"]).decode("utf-8", "surrogateescape")
        return ""

    @property
    def person(self) -> str:
        """The user as a list has it: in parentheses if nobody was let in by that name."""
        return self.user or (f"({self.tried})" if self.tried else "")

    def is_from(self, networks: list[Network]) -> bool:
        """Whether the client is in one of `networks`."""
        client = address(self.client)
        return client is not None and any(client in network for network in networks if network.version == client.version)

    def _stamped(self, messages: Iterable[Message]) -> float | None:
        arrived = self.found.written + _LATER
        for message in messages:
            moment = stamp(message.text[:256], arrived)
            if moment is not None:
                return moment
        return None

    def _begun(self) -> float | None:
        moment, elapsed = written(self.block), self.block.value("Elapsed") or ""
        return moment - int(elapsed) / 1000 if moment is not None and elapsed.isdecimal() else moment


def written(block: Block) -> float | None:
    """When the block was written, which only Vigilog's say: in seconds since the epoch."""
    try:
        return datetime.fromisoformat(block.value("Time") or "").timestamp()
    except ValueError:
        return None


def address(text: str) -> IPv4Address | IPv6Address | None:
    """An address, an IPv4 one also where it is mapped into IPv6; None if `text` is none."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def network(text: str) -> Network:
    """A network, or an address as one of its own. Raises ValueError."""
    alone = address(text)
    return ip_network(alone if alone is not None else text, strict=False)
