"""How addresses are written in logs, as expressions that find every spelling and perhaps more, and the exact answer for a line.

IPv6 in any case, with zeros written or left out, with its end as four decimal numbers, and with its colons as `%3a` (the
ledger's escape). An IPv4 address is where its four numbers stand and no digit goes on from them: `203.0.113.7` is neither in
`203.0.113.70`, `1203.0.113.7`, `8.203.0.113.7` nor in a name for reverse look-ups.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from vigilog.investigate.subject import Network

IsAbout = Callable[[bytes], bool]
"""Whether a line is about somebody."""

_BEFORE, _BEHIND = rb"(?<![0-9])(?<![0-9]\.)", rb"(?![0-9])(?!\.[0-9])(?!\.in-addr\.)"
_QUAD = re.compile(_BEFORE + rb"[0-9]{1,3}(?:\.[0-9]{1,3}){3}" + _BEHIND)
_COLON = "(?::|%3a)"
_ESCAPED_COLON = re.compile(rb"%3a", re.IGNORECASE)
_WORD = re.compile(rb"(?<![0-9A-Za-z_])[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?![0-9A-Za-z_])")
_HEXADECIMAL = re.compile(rb"(?<![0-9A-Za-z])[0-9a-f]{8}(?![0-9A-Za-z])")


def of_four_numbers(address: IPv4Address) -> IsAbout:
    """Whether a line names this address. (dnscache writes addresses as eight hexadecimal digits.)"""
    plain = re.escape(str(address).encode())
    hexadecimal = b"%08x" % int(address)
    exact = re.compile(_BEFORE + plain + _BEHIND + rb"|(?<![0-9A-Za-z])" + hexadecimal + rb"(?![0-9A-Za-z])")
    return lambda line: exact.search(line) is not None


def in_network(network: Network) -> IsAbout:
    """Whether a line names an address in the network."""
    if isinstance(network, IPv4Network):
        return lambda line: any(address in network for address in four_numbers(line))
    return lambda line: any(address in network for address in with_colons(line))


def four_numbers(line: bytes) -> Iterator[IPv4Address]:
    """The IPv4 addresses in a line, those in hexadecimal too."""
    for found in _QUAD.finditer(line):
        try:
            yield IPv4Address(found[0].decode())
        except ValueError:  # 300.1.1.1, or 010.1.1.1, which is another one to some
            continue
    if line.startswith(b"@"):
        for found in _HEXADECIMAL.finditer(line):
            yield IPv4Address(int(found[0], 16))


def with_colons(line: bytes) -> Iterator[IPv6Address]:
    """The IPv6 addresses in a line. One colon or full stop at an end may belong to the sentence."""
    text = _ESCAPED_COLON.sub(b":", line) if b"%3" in line else line
    for found in _WORD.finditer(text):
        word = found[0].decode()
        for each in _candidates(word):
            try:
                address = ip_address(each)
            except ValueError:
                continue
            if isinstance(address, IPv6Address):
                yield address
                break


def _candidates(word: str) -> Iterable[str]:
    """The word, and the word without the punctuation at its ends."""
    bare = word.rstrip(".")
    behind = bare.removesuffix(":")
    return dict.fromkeys((word, bare, behind, *(each[1:] for each in (bare, behind) if each.startswith(":"))))


def expression(network: Network) -> bytes:
    """An expression (of `re`, without regard to case) that matches every line which names an address of the network."""
    if isinstance(network, IPv4Network):
        return _four(network).encode()
    return _colons(network).encode()


def _four(network: IPv4Network) -> str:
    first, last = (int(each).to_bytes(4, "big") for each in (network.network_address, network.broadcast_address))
    numbers = [_range(low, high) for low, high in zip(first, last, strict=True)]
    return r"\.".join(numbers)


def _range(low: int, high: int) -> str:
    if (low, high) == (0, 255):
        return "[0-9]{1,3}"
    return str(low) if low == high else f"(?:{'|'.join(str(each) for each in range(low, high + 1))})"


def _colons(network: IPv6Network) -> str:
    packed = network.network_address.packed
    known = [f"{packed[at]:02x}{packed[at + 1]:02x}" for at in range(0, network.prefixlen // 16 * 2, 2)]
    if network.prefixlen < 128:
        return _groups(known) + _part(network, more=bool(known)) or _COLON
    written = _groups(known)
    quad = r"\.".join(str(each) for each in packed[12:])
    return f"(?:{written}|{_groups(known[:6], more=True)}{quad})"


def _part(network: IPv6Network, *, more: bool) -> str:
    """The digits of the group in which the network's length ends; '' where zeros of it might be left out."""
    bits = network.prefixlen % 16
    if not bits:
        return ""
    packed, at = network.network_address.packed, network.prefixlen // 16 * 2
    digits = f"{packed[at]:02x}{packed[at + 1]:02x}"
    whole = bits // 4
    if digits[0] == "0" or not whole:
        return ""
    rest = ""
    if bits % 4:
        low = int(digits[whole], 16)
        rest = "[" + "".join(f"{each:x}" for each in range(low, low + (1 << (4 - bits % 4)))) + "]"
    return (_COLON if more else "") + digits[:whole] + rest + f"[0-9a-f]{{{4 - whole - bool(rest)}}}"


def _groups(groups: Iterable[str], *, more: bool = False) -> str:
    """Groups of four digits with what may stand between them; zeros may be left out anywhere. With `more` something follows."""
    found, waiting = "", ""
    for number, group in enumerate(groups):
        digits = group.lstrip("0")
        if not digits:
            waiting = f"{_COLON}(?:0{{0,4}}{_COLON})*"
            continue
        zeros = f"0{{0,{4 - len(digits)}}}" if len(digits) < 4 else ""
        found += (waiting or (_COLON if number else "")) + zeros + digits
        waiting = ""
    return found + (f"{_COLON}(?:0{{0,4}}{_COLON})*" if more else _COLON if waiting else "")
