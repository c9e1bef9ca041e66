"""What the kernel holds in a namespace, as nft(8) lists it; and lines that bring it there."""

from __future__ import annotations

import ipaddress
import re
import time

from tests.act.namespaces import Namespace

_ELEMENT = re.compile(r"(\d+\.\d+\.\d+\.\d+) timeout (?:\S+ )?expires ((?:\d+[dhms]+)+)")
_PART = re.compile(r"(\d+)(ms|[dhms])")
_SECONDS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def held(host: Namespace) -> dict[str, float]:
    """The IPv4 addresses that the kernel shuts out, and for how many seconds more."""
    listed = host.run("nft", "list", "table", "inet", "vigilog").stdout
    return {
        address: sum(int(number) * _SECONDS[unit] for number, unit in _PART.findall(left))
        for address, left in _ELEMENT.findall(listed)
    }


def addresses(count: int) -> list[str]:
    """So many different ones, none of which is special."""
    first = int(ipaddress.IPv4Address("11.0.0.0"))
    return [str(ipaddress.IPv4Address(first + number * 7)) for number in range(count)]


def failed(address: str) -> str:
    """A line of sshd: a wrong password from there, now."""
    return (
        f"{time.strftime('%b %e %H:%M:%S', time.gmtime())} host sshd[7]: Failed password for root from {address} port 4022 ssh2"
    )
