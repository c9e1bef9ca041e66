"""Who is never banned, and why: asked right before each ban."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from itertools import accumulate
from socket import AF_INET, AF_INET6, inet_pton

from vigilog.act.ban.allow import Allowed
from vigilog.act.ban.target import Address, Network, canonical
from vigilog.core.clock import Clock

ALWAYS = tuple(
    Allowed(ip_network(text), meaning)
    for text, meaning in (
        ("0.0.0.0/8", "it is no host's address"),
        ("127.0.0.0/8", "it is a loopback address"),
        ("169.254.0.0/16", "it is a link-local address"),
        ("224.0.0.0/4", "it is a multicast address"),
        ("255.255.255.255/32", "it is the broadcast address"),
        ("::/128", "it is no host's address"),
        ("::1/128", "it is the loopback address"),
        ("fe80::/10", "it is a link-local address"),
        ("ff00::/8", "it is a multicast address"),
    )
)
FRESH = 1.0
"""How long it is believed who is logged in and which addresses this host has, in seconds."""

Judge = Callable[[Iterable[str]], dict[str, str]]
"""Gives those of some targets that must not be banned, with the reasons; also what is no target at all."""


class Never:
    """Judges by what is given: the allow list, and two questions that are asked again whenever the last answer is older than
    FRESH: this host's own addresses, and those that somebody is logged in from. `steady` gives seconds that only grow."""

    def __init__(
        self,
        allowed: Iterable[Allowed],
        own: Callable[[], Iterable[Address]],
        peers: Callable[[], Iterable[Address]],
        steady: Clock,
    ) -> None:
        self._own, self._peers, self._steady = own, peers, steady
        listed = [Allowed(entry.network, f"it is on the allow list ({entry.origin})") for entry in allowed]
        self._fixed = {version: ranges([*ALWAYS, *listed], version) for version in (4, 6)}
        self._moving = {version: ranges((), version) for version in (4, 6)}
        self._until = float("-inf")

    def reason(self, what: Network) -> str:
        """Why `what` must not be banned: the first reason for any address in it; '' if it may be."""
        try:
            self._refresh()
        except OSError as error:
            return f"it cannot be seen which addresses are this host's: {error.strerror}"
        return self._reason(what)

    def judge(self) -> Judge:
        """Somebody who judges many targets by what is true now. 150,000 take a tenth of a second.

        Raises OSError if this host does not tell which addresses it has.
        """
        self._refresh()
        both = [(self._fixed[version], self._moving[version]) for version in (4, 6)]

        def spared(targets: Iterable[str]) -> dict[str, str]:
            found = {}
            for target in targets:
                try:
                    first, last = _ends(target)
                except ValueError as error:
                    found[target] = f"it is {error}"
                    continue
                fixed, moving = both[":" in target]
                if fixed.touches(first, last) or moving.touches(first, last):
                    found[target] = self._reason(ip_network(target))
            return found

        return spared

    def _reason(self, what: Network) -> str:
        found = self._fixed[what.version].within(what) or self._moving[what.version].within(what)
        if found is None:
            return ""
        if what.prefixlen == what.max_prefixlen or found.network == what:
            return found.origin
        inner = found.network.network_address if found.network.prefixlen == what.max_prefixlen else found.network
        return f"{inner} is in it, and {found.origin}"

    def _refresh(self) -> None:
        """Asks again, if the last answer is too old."""
        if self._steady() >= self._until:
            moving = [Allowed(ip_network(each), "it is an address of this host") for each in self._own()]
            moving += [Allowed(ip_network(each), "somebody is logged in from there over SSH") for each in self._peers()]
            self._moving = {version: ranges(moving, version) for version in (4, 6)}
            self._until = self._steady() + FRESH


@dataclass(frozen=True, slots=True)
class Ranges:
    """Networks by their first address, which need not be apart from each other; `ends`: the last address of any so far."""

    entries: Sequence[Allowed]
    starts: Sequence[int]
    ends: Sequence[int]

    def within(self, what: Network) -> Allowed | None:
        """One that has an address in common with `what`; None if none has. Takes no time worth mentioning for None."""
        first, last = int(what.network_address), int(what.broadcast_address)
        if not self.touches(first, last):
            return None
        count = bisect_right(self.starts, last)
        return next(entry for entry in self.entries[count - 1 :: -1] if int(entry.network.broadcast_address) >= first)

    def touches(self, first: int, last: int) -> bool:
        """Whether one has an address in common with those from `first` to `last`."""
        count = bisect_right(self.starts, last)
        return count > 0 and self.ends[count - 1] >= first


def ranges(entries: Iterable[Allowed], version: int) -> Ranges:
    """The entries of one IP version."""
    ordered = sorted(
        (entry for entry in entries if entry.network.version == version), key=lambda entry: int(entry.network.network_address)
    )
    return Ranges(
        ordered,
        [int(entry.network.network_address) for entry in ordered],
        list(accumulate((int(entry.network.broadcast_address) for entry in ordered), max)),
    )


def _ends(target: str) -> tuple[int, int]:
    """The first and the last address of a target, as numbers. Raises ValueError for what is no target."""
    text, _, length = canonical(target).partition("/")
    family, bits = (AF_INET6, 128) if ":" in text else (AF_INET, 32)
    first = int.from_bytes(inet_pton(family, text), "big")
    return first, first | ((1 << bits - int(length)) - 1) if length else first
