"""The list of those who are never banned, as the settings have it: addresses, networks, host names, and files of them."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from vigilog.act.ban.target import Address, Network, address, network
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place

_SECONDS = 5.0
_NAME = re.compile(
    r"(?=.{1,253}$)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.)*(?!\d+\.?$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.?"
)
EXPECTED = "an address, a network or a host name"

Resolve = Callable[[str], Iterable[str]]
"""The addresses of a host name. Raises OSError if it has none, or cannot be looked up."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """One entry: a network, and what it was written as, where."""

    network: Network
    origin: str


@dataclass(frozen=True, slots=True)
class AllowList:
    """All entries; what is wrong in the list; and what must be said of it without being wrong (names that do not resolve)."""

    entries: tuple[Allowed, ...]
    errors: tuple[ConfigurationError, ...]
    remarks: tuple[str, ...]


def system(name: str) -> list[str]:
    """The addresses of a host name, as this host's resolver gives them."""
    return [str(found[4][0]).partition("%")[0] for found in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)]


def read(written: Sequence[str], place: Place, resolve: Resolve = system, seconds: float = _SECONDS) -> AllowList:
    """Reads a list; a text from the root (`/...`) is a file with an entry on each line, `#` begins a comment.

    `place` is where the list itself stands. All names are looked up at once; that takes `seconds` at most.
    """
    entries: list[Allowed] = []
    errors: list[ConfigurationError] = []
    names: list[tuple[str, Place]] = []
    for text, where in _lines(written, place, errors):
        try:
            entries.append(Allowed(network(text), f"{text}, {where}"))
        except ValueError as error:
            if _NAME.fullmatch(text):
                names.append((text, where))
            else:
                errors.append(ConfigurationError(f"{text!r} is {error}", place=where, expected=EXPECTED))
    found = _looked_up([name for name, _ in names], resolve, seconds)
    remarks = []
    for name, where in names:
        addresses = found.get(name, ())
        entries += [Allowed(ip_network(each), f"{name}, {where}") for each in addresses]
        if not addresses:
            remarks.append(f"{where}: the name {name} does not resolve: its addresses are not kept from bans")
    return AllowList(tuple(entries), tuple(errors), tuple(remarks))


def _lines(written: Sequence[str], place: Place, errors: list[ConfigurationError]) -> Iterator[tuple[str, Place]]:
    """Every entry and where it stands; files that cannot be read are told to `errors`."""
    for text in written:
        if not text.startswith("/"):
            yield text, place
            continue
        try:
            with open(text, encoding="utf-8", errors="replace") as file:
                for number, line in enumerate(file, 1):
                    entry = line.partition("#")[0].strip()
                    if entry:
                        yield entry, Place(text, number)
        except OSError as error:
            expected = f"a file with {EXPECTED} on each line"
            errors.append(ConfigurationError(f"cannot be read: {error.strerror}", place=Place(text), expected=expected))


def _looked_up(names: Sequence[str], resolve: Resolve, seconds: float) -> dict[str, list[Address]]:
    """The addresses of the names that have some, after `seconds` at most: a resolver that hangs holds up nobody."""
    found: dict[str, list[Address]] = {}

    def look(name: str) -> None:
        try:
            found[name] = [address(each) for each in resolve(name)]
        except (OSError, ValueError):
            return

    threads = [threading.Thread(target=look, args=(name,), daemon=True) for name in dict.fromkeys(names)]
    for thread in threads:
        thread.start()
    limit = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, limit - time.monotonic()))
    return dict(found)
