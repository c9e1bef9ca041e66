"""This host's own addresses, as the kernel lists them. Format: linux/rtnetlink.h, linux/if_addr.h."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from ipaddress import ip_address

from vigilog.act.ban.nfnetlink import attributes, messages
from vigilog.act.ban.target import Address, plain

_GETADDR, _REQUEST_DUMP, _DONE, _ERROR = 22, 0x301, 3, 2
_ADDRESS, _LOCAL = 1, 2
_BLOCK = 1 << 16
_SECONDS = 5


def own_addresses() -> frozenset[Address]:
    """The addresses of all interfaces in this network namespace. Anybody may ask. Raises OSError."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE) as asked:
        asked.settimeout(_SECONDS)
        asked.sendto(struct.pack("=IHHIIBxxxi", 24, _GETADDR, _REQUEST_DUMP, 1, 0, socket.AF_UNSPEC, 0), (0, 0))
        return frozenset(_listed(asked))


def _listed(asked: socket.socket) -> Iterator[Address]:
    while True:
        for kind, _, payload in messages(asked.recv(_BLOCK)):
            if kind in {_DONE, _ERROR}:
                return
            facts = dict(attributes(payload[8:]))
            # At the end of a tunnel, _ADDRESS is the other end's; IPv6 has _ADDRESS only.
            packed = facts.get(_LOCAL) or facts.get(_ADDRESS)
            if packed:
                yield plain(ip_address(packed))
