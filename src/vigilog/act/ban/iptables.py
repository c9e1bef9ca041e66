"""The firewall `iptables`: a chain with one rule for each ban. A packet passes them one by one: for hosts without nftables and
ipset, and a few thousand bans. It does not end bans by itself: see `counted`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from vigilog.act.ban import xtables
from vigilog.act.ban.firewall import Element, Entry, Present
from vigilog.act.ban.target import EVERY_PORT, network, port, target

_RULE = re.compile(r"-s (\S+)(?: -p (\w+)(?: -m \w+)? --dport (\d+))? -j DROP")


class Iptables:
    """The chain, in iptables and ip6tables. `forward`: what this host forwards is dropped, too."""

    def __init__(self, *, forward: bool) -> None:
        self._forward = forward

    def restore(self, entries: Iterable[Entry]) -> None:
        wanted = list(entries)
        for version in xtables.PROGRAMS:
            first = xtables.passing(version, forward=self._forward)
            own = [rule(entry.element) for entry in wanted if version_of(entry.element) == version]
            xtables.fill(version, [*first, *dict.fromkeys(own)])

    def add(self, entries: Sequence[Entry]) -> None:
        self._change("A", [entry.element for entry in entries])

    def prolong(self, entries: Sequence[Entry]) -> None:
        held = self.present()
        self.add([entry for entry in entries if entry.element not in held])

    def remove(self, elements: Iterable[Element]) -> None:
        held = self.present()
        self._change("D", [element for element in dict.fromkeys(elements) if element in held])

    def present(self) -> Present:
        found: dict[Element, float | None] = {}
        for version in xtables.PROGRAMS:
            for each in xtables.rules(version) or ():
                parts = _RULE.fullmatch(each)
                if parts:
                    which = port(f"{parts[2]}/{parts[3]}") if parts[2] else EVERY_PORT
                    found[Element(target(network(parts[1])), which)] = None
        return found

    def intact(self) -> bool:
        return all(
            xtables.leads(version) and len(xtables.rules(version) or ()) >= len(first)
            for version in xtables.PROGRAMS
            for first in [xtables.passing(version, forward=self._forward)]
        )

    def clear(self) -> None:
        xtables.clear()

    def _change(self, how: str, elements: Sequence[Element]) -> None:
        for version in xtables.PROGRAMS:
            lines = "".join(
                f"-{how} {xtables.CHAIN} {rule(element)}\n" for element in elements if version_of(element) == version
            )
            if lines:
                xtables.change(version, lines)


def rule(element: Element) -> str:
    """The rule that shuts an element out."""
    protocol, _, number = element.port.partition("/")
    return f"-s {element.target}{f' -p {protocol} -m {protocol} --dport {number}' if number else ''} -j DROP"


def version_of(element: Element) -> int:
    """4 or 6."""
    return 6 if ":" in element.target else 4
