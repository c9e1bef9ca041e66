"""Which bans end when addresses are to be let in. Touches nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from vigilog.act.ban.judge import quoted
from vigilog.act.ban.register import Register
from vigilog.act.ban.target import network, target, widened
from vigilog.store.bans import Banned


class Lifting(NamedTuple):
    """The bans that end; the targets that are let in, with those that were asked for and are not banned; a line for each
    thing; and whether all texts were addresses or networks."""

    over: tuple[Banned, ...]
    targets: tuple[str, ...]
    lines: tuple[str, ...]
    understood: bool


def lifting(texts: Iterable[str], register: Register, ipv6_prefix: int, now: float) -> Lifting:
    """What follows from `texts`: every ban that has an address in common with one of them. `ipv6_prefix`: with how much around
    it a single IPv6 address is banned usually."""
    over: dict[Banned, None] = {}
    targets: dict[str, None] = {}
    lines: list[str] = []
    understood = True
    for text in texts:
        try:
            what = network(text)
        except ValueError as error:
            lines.append(f"{quoted(text)} is {error}")
            understood = False
            continue
        found = list(register.touching(what, now))
        over |= dict.fromkeys(found)
        targets |= dict.fromkeys([target(what), *(ban.target for ban in found)])
        if what.prefixlen == what.max_prefixlen:
            targets[target(widened(what.network_address, ipv6_prefix))] = None
        lines += [f"let in: {ban.target}{' to ' + ban.port if ban.port else ''}" for ban in found]
        lines += [] if found else [f"{target(what)} was not banned"]
    return Lifting(tuple(over), tuple(targets), tuple(lines), understood)
