"""The sets of the table `inet vigilog`: their names, what they match, and what the kernel says is in them."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from typing import NamedTuple

from vigilog.act.ban.firewall import Element
from vigilog.act.ban.nfnetlink import attributes
from vigilog.act.ban.target import EVERY_PORT, Port, Target

_NAME = re.compile(r"(four|six)([0-9]{1,3})(_ports)?", re.ASCII)
_PROTOCOLS = {6: "tcp", 17: "udp", 132: "sctp"}
_KEY, _TIMEOUT, _EXPIRATION = 1, 4, 5  # NFTA_SET_ELEM_*


class SetName(NamedTuple):
    """A set of all networks of one family (4 or 6) and one prefix length, with ports or without."""

    family: int
    length: int
    ports: bool

    @property
    def text(self) -> str:
        """The name in the kernel: `four32`, `six64_ports`."""
        return f"{'four' if self.family == 4 else 'six'}{self.length}{'_ports' if self.ports else ''}"

    @property
    def whole(self) -> bool:
        """Whether the networks in it are single addresses."""
        return self.length == (32 if self.family == 4 else 128)

    @property
    def kind(self) -> str:
        """What its elements are made of, as `typeof` has it."""
        return f"{'ip' if self.family == 4 else 'ip6'} saddr{_AND_PORT if self.ports else ''}"

    @property
    def match(self) -> str:
        """What of a packet is looked up in it."""
        mask = "" if self.whole else f" & {_mask(self.family, self.length)}"
        return f"{'ip' if self.family == 4 else 'ip6'} saddr{mask}{_AND_PORT if self.ports else ''}"

    @staticmethod
    def parsed(name: bytes) -> SetName | None:
        """The set that the kernel calls `name`; None if that is none of ours."""
        found = _NAME.fullmatch(name.rstrip(b"\0").decode("latin-1"))
        if not found or int(found[2]) > (32 if found[1] == "four" else 128):
            return None
        return SetName(4 if found[1] == "four" else 6, int(found[2]), bool(found[3]))


_AND_PORT = " . meta l4proto . th dport"


def set_of(element: Element) -> SetName:
    """The set that an element belongs into."""
    family = 6 if ":" in element.target else 4
    length = element.target.partition("/")[2] or (32 if family == 4 else 128)
    return SetName(family, int(length), bool(element.port))


def key(first: str, port: Port) -> str:
    """An element as nft writes it; `first` is the first address of its target."""
    return f"{first} . {port.replace('/', ' . ')}" if port else first


def held(name: SetName, answers: Iterable[bytes]) -> Iterable[tuple[Element, float | None]]:
    """The elements in the kernel's answers about a set, and the seconds that each has left; without a timeout: None."""
    size = 4 if name.family == 4 else 16
    family = socket.AF_INET if name.family == 4 else socket.AF_INET6
    suffix = "" if name.whole else f"/{name.length}"
    for answer in answers:
        for _, elements in filter(_is_elements, attributes(answer)):
            for _, element in attributes(elements):
                found = dict(attributes(element))
                data = found[_KEY][4:]
                port = EVERY_PORT
                if name.ports:
                    number = int.from_bytes(data[size + 4 : size + 6], "big")
                    port = Port(f"{_PROTOCOLS.get(data[size], data[size])}/{number}")
                left = found.get(_EXPIRATION) or found.get(_TIMEOUT)
                target = Target(socket.inet_ntop(family, data[:size]) + suffix)
                yield Element(target, port), int.from_bytes(left, "big") / 1000 if left else None


def _is_elements(pair: tuple[int, bytes]) -> bool:
    return pair[0] == 3  # NFTA_SET_ELEM_LIST_ELEMENTS


def _mask(family: int, length: int) -> str:
    size = 4 if family == 4 else 16
    bits = (1 << size * 8) - (1 << size * 8 - length)
    return socket.inet_ntop(socket.AF_INET if family == 4 else socket.AF_INET6, bits.to_bytes(size, "big"))
