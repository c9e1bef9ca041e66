"""Lists of brokers as people write them → what librdkafka takes."""

from __future__ import annotations

import re
from typing import NamedTuple

from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place
from vigilog.ship.settings import Connection

PORT = 9092
_PROTOCOLS = ("plaintext", "ssl", "sasl_plaintext", "sasl_ssl")
_EXPECTED = "host, host:port, [IPv6]:port, or one of them behind ssl://"
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_.])?")
_IPV6 = re.compile(r"[0-9A-Fa-f:.]+(%[A-Za-z0-9._-]+)?")


class Brokers(NamedTuple):
    """`servers` is the value of `bootstrap.servers`; `protocol` what stood before `://`, '' where nothing did."""

    servers: str
    protocol: str


def brokers(connection: Connection) -> Brokers:
    """All brokers of a connection. Raises ConfigurationError with its place: for none at all, for a word that is no broker,
    and where they are to be spoken to in different ways, since librdkafka speaks to all of them in one."""
    words = [word for written in connection.brokers for word in re.split(r"[,\s]+", written) if word]
    if not words:
        raise ConfigurationError("no broker", place=connection.place, expected=_EXPECTED)
    found = [_broker(word, connection.place) for word in words]
    protocols = {protocol for _, protocol in found}
    if len(protocols) > 1:
        raise ConfigurationError(
            f"brokers of different protocols: {', '.join(sorted(protocol or 'none named' for protocol in protocols))}",
            place=connection.place,
            expected="one protocol for all brokers",
        )
    return Brokers(",".join(server for server, _ in found), protocols.pop())


def _broker(word: str, place: Place | None) -> tuple[str, str]:
    before, separator, address = word.rpartition("://")
    protocol = before.lower()
    host, port = _split(address)
    ipv6 = ":" in host
    if (
        (separator and protocol not in _PROTOCOLS)
        or not (_IPV6 if ipv6 else _HOST).fullmatch(host)
        or (port is not None and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536))
    ):
        raise ConfigurationError(f"not a broker: {word}", place=place, expected=_EXPECTED)
    return f"{f'[{host}]' if ipv6 else host}:{port or PORT}", protocol


def _split(address: str) -> tuple[str, str | None]:
    """Host and port of an address, None where it has no port. Host is '' for what is none."""
    if address.startswith("["):
        host, bracket, rest = address[1:].partition("]")
        if not bracket or ":" not in host or (rest and not rest.startswith(":")):
            return "", None
        return host, rest[1:] if rest else None
    if address.count(":") > 1:
        return address, None
    host, colon, port = address.partition(":")
    return host, port if colon else None
