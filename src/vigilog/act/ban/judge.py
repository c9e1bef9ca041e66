"""What is to be banned: from an alert's words to a network, or the reason why not. Touches nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import NamedTuple

from vigilog.act.ban.length import Lengths
from vigilog.act.ban.never import Never
from vigilog.act.ban.target import EVERY_PORT, Network, Port, address, network, port, target, widened
from vigilog.core.nouns import Alert
from vigilog.core.visible import shown

Terms = Callable[[Alert], tuple[float | None, tuple[str, ...]]]
"""How long an alert's first ban is in seconds (None: as the settings have it), and for which ports (none: for all)."""

_SHOWN = 60


def usual(alert: Alert) -> tuple[float | None, tuple[str, ...]]:
    """Terms of a trigger that says nothing of bans."""
    del alert
    return None, ()


@dataclass(frozen=True, slots=True)
class Policy:
    """What the settings say about bans."""

    never: Never
    terms: Terms = usual
    lengths: Lengths = field(default_factory=Lengths)
    ipv6_prefix: int = 64


class Wanted(NamedTuple):
    """What is to be banned, from which ports (EVERY_PORT: all), and how long the first time in seconds (None: as the settings
    have it; `exactly`: this time). `note` says what is unusual about it."""

    network: Network
    ports: tuple[Port, ...]
    first: float | None
    exactly: bool = False
    note: str = ""


def address_text(alert: Alert) -> str | None:
    """The text that should be an address: the field `address`, else `ip`, else the only value of the key."""
    fields = alert.events[-1].fields if alert.events else {}
    for name in ("address", "ip"):
        if name in fields:
            return fields[name]
    return alert.key[0] if len(alert.key) == 1 else None


def of_alert(alert: Alert, policy: Policy) -> Wanted | str:
    """What an alert wants banned, or why it is not."""
    text = address_text(alert)
    if text is None:
        return "not banned: the alert names no address (no field address or ip)"
    first, ports = policy.terms(alert)
    return of_text(text, ports, first, policy)


def of_text(text: str, ports: tuple[str, ...], first: float | None, policy: Policy, *, by_hand: bool = False) -> Wanted | str:
    """What a text wants banned, or why it is not. An IPv6 address stands for its network. `by_hand`: whoever asks for it may
    give networks, which stand for themselves, and means the time exactly."""
    try:
        single = address(text) if not by_hand or "/" not in text else None
        what = network(text) if single is None else widened(single, policy.ipv6_prefix)
    except ValueError as error:
        return f"not banned: {quoted(text)} is {error}"
    try:
        checked = tuple(map(port, ports)) or (EVERY_PORT,)
    except ValueError as error:
        return f"not banned: {quoted(' '.join(ports))} is {error}"
    if first is not None and first <= 0:
        return f"not banned: {target(what)} would be banned for no time at all"
    alone = what if single is None else ip_network(single)
    if reason := policy.never.reason(alone):
        return f"not banned: {target(alone)} is never banned: {reason}"
    if what != alone and (reason := policy.never.reason(what)):
        return Wanted(alone, checked, first, by_hand, f"; this address alone and not {what}: {reason}")
    return Wanted(what, checked, first, by_hand)


def why(alert: Alert) -> str:
    """The reason of a ban, for the list of bans."""
    if alert.count <= 1 or not alert.events:
        return "at once"
    return f"{alert.count} times in {alert.events[-1].time - alert.events[0].time:.0f} s"


def quoted(text: str) -> str:
    """Any text, short and harmless."""
    harmless = shown(text)
    return f"'{harmless}'" if len(harmless) <= _SHOWN else f"'{harmless[:_SHOWN]}...'"
