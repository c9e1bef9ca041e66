"""The firewall `nftables`: a table of Vigilog's own, `inet vigilog`, told through nft(8) (1.0.6), one transaction each time.

One plain set with timeouts for each length of prefix that is in use, and one more where ports are given. An interval set
would hold all lengths at once, but takes 1.3 s for one more element where there are 150,000; a plain one takes 2 ms, and two
networks of which one is in the other are no conflict. A packet costs one look-up for each set, which is one or two.

The sets are asked before anything else is, in `prerouting` before connection tracking: what is dropped costs nothing more,
what this host forwards is dropped by the same rule as what is for itself, no other table can have accepted it before, and
a port is the one that the sender sees, also where it is translated later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from vigilog.act.ban import nfnetlink as kernel
from vigilog.act.ban.firewall import Element, Entry, FirewallError, Present
from vigilog.act.ban.nft_elements import SetName, held, key, set_of
from vigilog.act.ban.program import told

TABLE = "inet vigilog"
PRIORITY = -310  # before raw (-300), after defragmentation (-400): nf_tables(7)
ROOM = 65_536
_CHAIN = "prerouting"
_ABOUT = kernel.attribute(1, b"vigilog\0")


class Shape(NamedTuple):
    """What stands in the table but for the elements, by the kernel's own numbers (handles), of which it never uses one twice:
    the same again as long as nobody touched it."""

    tables: tuple[object, ...]
    chains: tuple[object, ...]
    rules: tuple[object, ...]


class Nftables:
    """The table. `forward`: what this host forwards is dropped, too, not only what is for itself."""

    def __init__(self, *, forward: bool) -> None:
        self._forward = forward
        self._sets: frozenset[SetName] | None = None
        self._shape: Shape | None = None

    def restore(self, entries: Iterable[Entry]) -> None:
        groups = grouped(entries)
        self._tell(restore_text(groups, forward=self._forward), frozenset(groups), anew=True)

    def add(self, entries: Sequence[Entry]) -> None:
        groups = grouped(entries)
        sets = self._known()
        self._tell(missing_text(groups.keys() - sets, groups) + add_text(groups), sets | groups.keys())

    def prolong(self, entries: Sequence[Entry]) -> None:
        groups = grouped(entries)
        sets = self._known()
        # To add what is held already changes no timeout before Linux 6.12: it is added, deleted and added.
        text = missing_text(groups.keys() - sets, groups) + add_text(groups) + delete_text(groups) + add_text(groups)
        self._tell(text, sets | groups.keys())

    def remove(self, elements: Iterable[Element]) -> None:
        sets = self._known()
        groups = grouped([Entry(element, 60) for element in elements])
        groups = {name: group for name, group in groups.items() if name in sets}
        # To delete what is not held would fail: it is added first.
        if groups:
            self._tell(add_text(groups) + delete_text(groups), sets)

    def present(self) -> Present:
        found: dict[Element, float | None] = {}
        with_kernel = self._asked(kernel.GETSET)
        for name in [SetName.parsed(dict(kernel.attributes(each))[2]) for each in with_kernel]:
            if name is not None:
                request = _ABOUT + kernel.attribute(2, name.text.encode() + b"\0")
                found.update(held(name, self._asked(kernel.GETELEMENTS, request)))
        return found

    def intact(self) -> bool:
        return self._shape is not None and self._look() == self._shape

    def clear(self) -> None:
        told(["nft", "-f", "-"], f"table {TABLE} {{}}\ndelete table {TABLE}\n")
        self._sets, self._shape = None, None

    def _tell(self, text: str, sets: frozenset[SetName], *, anew: bool = False) -> None:
        before, self._sets = self._sets, None
        told(["nft", "-f", "-"], text)
        if anew or before != sets:
            shape = self._look()
            if (len(shape.tables), len(shape.chains), len(shape.rules)) != (
                1,
                1,
                len(passing(forward=self._forward)) + len(sets),
            ):
                raise FirewallError("the nftables table of Vigilog was changed by somebody else at this moment")
            self._shape = shape
        self._sets = sets

    def _known(self) -> frozenset[SetName]:
        """The sets that are there."""
        if self._sets is None:
            names = [SetName.parsed(dict(kernel.attributes(each))[2]) for each in self._asked(kernel.GETSET)]
            self._sets = frozenset(name for name in names if name is not None)
        return self._sets

    def _look(self) -> Shape:
        def ours(kind: int, *which: int) -> tuple[tuple[bytes | None, ...], ...]:
            found = [dict(kernel.attributes(each)) for each in self._asked(kind)]
            return tuple(tuple(map(each.get, which)) for each in found if each.get(1) == b"vigilog\0")

        # The numbers of NFTA_TABLE_HANDLE, _FLAGS, NFTA_CHAIN_HANDLE, NFTA_RULE_HANDLE.
        return Shape(ours(kernel.GETTABLE, 4, 2), ours(kernel.GETCHAIN, 2), ours(kernel.GETRULE, 3))

    def _asked(self, kind: int, request: bytes = _ABOUT) -> list[bytes]:
        try:
            return kernel.ask(kind, kernel.INET, b"" if kind == kernel.GETTABLE else request)
        except OSError as error:
            remedy = "run it as root (CAP_NET_ADMIN)" if isinstance(error, PermissionError) else ""
            raise FirewallError(f"the kernel does not answer about nftables: {error.strerror}", remedy=remedy) from error


Groups = Mapping[SetName, list[tuple[str, int]]]
"""What goes into each set: keys as nft writes them, and seconds."""


def grouped(entries: Iterable[Entry]) -> Groups:
    """The entries by the set that they belong into."""
    groups: dict[SetName, list[tuple[str, int]]] = {}
    known: dict[tuple[int, str, bool], list[tuple[str, int]]] = {}
    for (what, port), seconds in entries:
        colon = what.find(":") >= 0
        first, _, length = what.partition("/")
        kind = (colon, length, bool(port))
        group = known.get(kind)
        if group is None:
            known[kind] = group = groups.setdefault(set_of(Element(what, port)), [])
        group.append((key(first, port), seconds))
    return groups


def passing(*, forward: bool) -> tuple[str, ...]:
    """What is not even looked at. Neighbours on the link find each other as with ARP, which no rule sees either: otherwise an
    address would be cut off together with a banned one of the same machine. Only what is from the link has this hop limit."""
    neighbours = "icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert }"
    return (f"{neighbours} ip6 hoplimit 255", *(() if forward else ("fib daddr type unicast",)))


def restore_text(groups: Groups, *, forward: bool) -> str:
    """Puts a new table in the place of whatever is there."""
    rules = "".join(f"add rule {TABLE} {_CHAIN} {rule} accept\n" for rule in passing(forward=forward))
    return (
        f"table {TABLE} {{}}\n"
        f"delete table {TABLE}\n"
        f"add table {TABLE}\n"
        f"add chain {TABLE} {_CHAIN} {{ type filter hook prerouting priority {PRIORITY}; policy accept; }}\n"
        f"{rules}{missing_text(groups, groups)}{add_text(groups)}"
    )


def missing_text(names: Iterable[SetName], groups: Groups) -> str:
    """Makes sets with room for more than goes into them, and the rules that drop what is in them.

    The room is given because a set that has to grow takes twice as long to fill. One that is full is an error, and made anew
    with more room by the restore that follows.
    """
    return "".join(
        f"add set {TABLE} {name.text} {{ typeof {name.kind}; flags timeout; size {max(ROOM, 4 * len(groups[name]))}; }}\n"
        f"add rule {TABLE} {_CHAIN} {name.match} @{name.text} counter drop\n"
        for name in sorted(names)
    )


def add_text(groups: Groups) -> str:
    """Adds elements, each with its timeout."""
    return "".join(
        f"add element {TABLE} {name.text} {{ {','.join([f'{key} timeout {seconds}s' for key, seconds in group])} }}\n"
        for name, group in groups.items()
    )


def delete_text(groups: Groups) -> str:
    """Deletes elements, each once."""
    return "".join(
        f"delete element {TABLE} {name.text} {{ {','.join(dict.fromkeys(key for key, _ in group))} }}\n"
        for name, group in groups.items()
    )
