"""The firewall `ipset`: sets of ipset(8) (7.x) with timeouts, and a rule of iptables for each.

The sets are of type `hash:net`, which holds single addresses and networks of any length side by side; with ports
`hash:net,port`. New ones are filled under another name and swapped, so that a restore is one step.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from vigilog.act.ban import xtables
from vigilog.act.ban.firewall import Element, Entry, Present
from vigilog.act.ban.iptables import version_of
from vigilog.act.ban.program import told, tried
from vigilog.act.ban.target import EVERY_PORT, network, port, target

LONGEST = 2_147_483
"""The longest timeout that ipset takes, in seconds (24 days). A longer ban is put in again when it is missed."""
_MOST = 4_194_304
_ENTRY = re.compile(r"add (vigilog[46](?:-ports)?) ([^ ,]+)(?:,(\w+):(\d+))? timeout (\d+)(?: .*)?")
_SETS = tuple((version, ports) for version in (4, 6) for ports in (False, True))


class Ipset:
    """The sets and their rules. `forward`: what this host forwards is dropped, too."""

    def __init__(self, *, forward: bool) -> None:
        self._forward = forward

    def restore(self, entries: Iterable[Entry]) -> None:
        wanted = list(entries)
        for version, ports in _SETS:
            own = [entry for entry in wanted if kind(entry.element) == (version, ports)]
            name = named(version, ports=ports)
            made = " ".join([*_type(version, ports=ports), "timeout", "0", "maxelem", str(_MOST)])
            fresh = f"{name}-new"
            tried(["ipset", "destroy", fresh])  # left by one that was killed
            lines = "".join(f"add {fresh} {member(entry.element)} timeout {_timeout(entry)} -exist\n" for entry in own)
            text = f"create {name} {made} -exist\ncreate {fresh} {made}\n{lines}swap {fresh} {name}\ndestroy {fresh}\n"
            told(["ipset", "restore"], text)
        for version in xtables.PROGRAMS:
            xtables.fill(version, self._rules(version))

    def add(self, entries: Sequence[Entry]) -> None:
        lines = [f"add {_set(entry.element)} {member(entry.element)} timeout {_timeout(entry)} -exist\n" for entry in entries]
        told(["ipset", "restore"], "".join(lines))

    def prolong(self, entries: Sequence[Entry]) -> None:
        self.add(entries)

    def remove(self, elements: Iterable[Element]) -> None:
        lines = [f"del {_set(element)} {member(element)} -exist\n" for element in elements]
        told(["ipset", "restore"], "".join(lines))

    def present(self) -> Present:
        found: dict[Element, float | None] = {}
        for version, ports in _SETS:
            status, output, _ = tried(["ipset", "-o", "save", "list", named(version, ports=ports)])
            for line in output.decode().splitlines() if status == 0 else ():
                parts = _ENTRY.fullmatch(line)
                if parts:
                    which = port(f"{parts[3]}/{parts[4]}") if parts[3] else EVERY_PORT
                    found[Element(target(network(parts[2])), which)] = float(parts[5]) or None
        return found

    def intact(self) -> bool:
        listed = tried(["ipset", "-n", "list"])[1].decode().split()
        return {named(version, ports=ports) for version, ports in _SETS} <= set(listed) and all(
            xtables.leads(version) and len(xtables.rules(version) or ()) == len(self._rules(version))
            for version in xtables.PROGRAMS
        )

    def clear(self) -> None:
        xtables.clear()
        for version, ports in _SETS:
            tried(["ipset", "destroy", named(version, ports=ports)])

    def _rules(self, version: int) -> list[str]:
        alone, with_ports = (f"-m set --match-set {named(version, ports=ports)}" for ports in (False, True))
        first = xtables.passing(version, forward=self._forward)
        return [*first, f"{alone} src -j DROP", f"{with_ports} src,dst -j DROP"]


def named(version: int, *, ports: bool) -> str:
    """The name of a set."""
    return f"vigilog{version}{'-ports' if ports else ''}"


def kind(element: Element) -> tuple[int, bool]:
    """The IP version, and whether it has a port."""
    return version_of(element), bool(element.port)


def member(element: Element) -> str:
    """An element as ipset writes it."""
    return element.target + ("," + element.port.replace("/", ":") if element.port else "")


def _set(element: Element) -> str:
    return named(version_of(element), ports=bool(element.port))


def _type(version: int, *, ports: bool) -> tuple[str, ...]:
    return ("hash:net,port" if ports else "hash:net", "family", "inet" if version == 4 else "inet6")


def _timeout(entry: Entry) -> int:
    return min(entry.seconds, LONGEST)
