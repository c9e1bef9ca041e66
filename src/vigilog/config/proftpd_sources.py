"""Entries of Allow, Deny and From as they are written, and the <Class> sections that they make up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_network

from vigilog.config.proftpd_access import Source, Visitor, numeric
from vigilog.core.nouns import Place


@dataclass(frozen=True, slots=True)
class Class:
    """A <Class>: a name for clients that come from some of the `sources` (from all of them, with Satisfy all)."""

    name: str
    place: Place
    sources: tuple[Source, ...] = ()
    satisfy_all: bool = False

    def holds(self, visitor: Visitor) -> bool:
        verdicts = [source.holds(visitor) != source.negated for source in self.sources]
        return bool(verdicts) and (all(verdicts) if self.satisfy_all else any(verdicts))


def source(text: str) -> Source | None:
    """An entry of an Allow, Deny or From; None for what ProFTPD calls a bad one."""
    if text.lower() in {"all", "none"}:
        return Source("all" if text.lower() == "all" else "none", text)
    negated, plain = text.startswith("!"), text.removeprefix("!")
    if not plain:
        return None
    if "/" in plain:
        address, _, bits = plain.partition("/")
        host = numeric(address)
        if host is None or not re.fullmatch(r"[0-9]+", bits) or int(bits) > host.max_prefixlen:
            return None
        return Source("network", text, negated, ip_network((host, int(bits)), strict=False))
    if host := numeric(plain):
        return Source("network", text, negated, ip_network(host))
    if re.search(r"[{\[*?]", plain):
        return Source("name glob" if re.search(r"[g-zG-Z]", plain) else "address glob", plain, negated)
    if plain.startswith("."):
        return Source("name glob", "*" + plain, negated)
    if plain.endswith("."):
        return Source("address glob", plain + "*", negated)
    return None if ":" in plain else Source("name", plain, negated)
