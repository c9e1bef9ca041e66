"""Texts that may come from anywhere, to what a firewall may be told: an address, a network, a port, and nothing else.

A Target is the canonical text of an address ("192.0.2.7", "2001:db8::7") or of a network that is more than one address
("2001:db8::/64"). Only the functions here make one.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import NewType

Target = NewType("Target", str)
Port = NewType("Port", str)
"""The canonical text of one port of one protocol ("tcp/22"); '' is all there is."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

EVERY_PORT = Port("")
LONGEST = len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128")
_LENGTHS = frozenset(map(str, range(129)))
_MAPPED = bytes(10) + b"\xff\xff"
_PORT = re.compile(r"(tcp|udp|sctp)/([1-9][0-9]{0,4})", re.ASCII)

_MANY_BEHIND_ONE = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "64:ff9b::/96",  # NAT64 (RFC 6052): the whole IPv4 internet is in one /64
        "64:ff9b:1::/48",  # NAT64 of one's own (RFC 8215)
        "2001::/32",  # Teredo (RFC 4380): a /64 is all clients of one server
    )
)


def address(text: str) -> Address:
    """The address that `text` is, exactly: no blanks, brackets, port, prefix length, zone or leading zeros.

    An IPv4 address written as IPv6 (`::ffff:192.0.2.7`) is the IPv4 address. Raises ValueError for anything else.
    """
    if len(text) > LONGEST or not text.isascii() or "%" in text or "/" in text:
        raise ValueError("not an address")
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        raise ValueError("not an address") from None
    return plain(found)


def plain(found: Address) -> Address:
    """The IPv4 address in an IPv4-mapped one; any other as it is."""
    return (found.ipv4_mapped or found) if isinstance(found, ipaddress.IPv6Address) else found


def network(text: str) -> Network:
    """The network or single address that `text` is. A network is given by its first address, as in `192.0.2.0/24`.

    Raises ValueError for anything else, also for a network with bits set behind its prefix: what was meant is not known.
    """
    head, slash, length = text.partition("/")
    first = address(head)
    if not slash:
        return ipaddress.ip_network(first)
    if not (length.isascii() and length.isdigit() and len(length) <= 3) or (length[0] == "0" and length != "0"):
        raise ValueError("not a network: its prefix length is not a number")
    mapped = ":" in head and first.version == 4
    try:
        return ipaddress.ip_network((first, int(length) - 96 if mapped else int(length)))
    except ValueError:
        raise ValueError(f"not a network: {first} is not the first address of one with that length") from None


def widened(single: Address, prefix: int) -> Network:
    """What is banned for an address: an IPv4 address itself, an IPv6 address with its network of `prefix` bits.

    Where translators put many strangers into one network, only the address.
    """
    if isinstance(single, ipaddress.IPv4Address) or any(single in shared for shared in _MANY_BEHIND_ONE):
        return ipaddress.ip_network(single)
    return ipaddress.ip_network((single, prefix), strict=False)


def target(what: Network) -> Target:
    """The text of a network, without its length if it is one address; as inet_ntop(3) writes it."""
    first = what.network_address.packed
    text = socket.inet_ntop(socket.AF_INET if len(first) == 4 else socket.AF_INET6, first)
    return Target(text if what.prefixlen == what.max_prefixlen else f"{text}/{what.prefixlen}")


def canonical(text: str) -> Target:
    """The target that `text` is, written as `target` writes it and in no other way. Raises ValueError.

    For what our own parts tell each other: six times as fast as `network`, and as strict.
    """
    first, slash, length = text.partition("/")
    family, bits = (socket.AF_INET6, 128) if ":" in first else (socket.AF_INET, 32)
    try:
        packed = socket.inet_pton(family, first)
    except (OSError, ValueError):
        raise ValueError("not an address") from None
    if socket.inet_ntop(family, packed) != first or (bits == 128 and packed.startswith(_MAPPED)):
        raise ValueError("not written as a target is")
    if not slash:
        return Target(text)
    if length not in _LENGTHS or int(length) >= bits or int.from_bytes(packed, "big") & ((1 << bits - int(length)) - 1):
        raise ValueError("not a network")
    return Target(text)


def port(text: str) -> Port:
    """The port that `text` is, such as `tcp/22`. Raises ValueError for anything else; '' is not one."""
    found = _PORT.fullmatch(text)
    if not found or int(found[2]) > 65535:
        raise ValueError("not a port such as tcp/22 or udp/5060")
    return Port(text)
