"""The firewalls there are, by the name that `ban.backend` gives them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from vigilog.act.ban.firewall import Firewall


@dataclass(frozen=True, slots=True)
class Choice:
    """Which firewall, and what it is to know: see `config.run_settings.Ban`. Everything in it is plain."""

    backend: str = "nftables"
    forward: bool = True
    command: str = ""
    check_interval: float = 300.0


def nftables(choice: Choice) -> Firewall:
    """A table of our own."""
    from vigilog.act.ban.nftables import Nftables  # noqa: PLC0415 - only the one that is used is loaded

    return Nftables(forward=choice.forward)


def ipset(choice: Choice) -> Firewall:
    """Sets of ipset, and a rule of iptables for each."""
    from vigilog.act.ban.ipset import Ipset  # noqa: PLC0415

    return Ipset(forward=choice.forward)


def iptables(choice: Choice) -> Firewall:
    """A chain of iptables with a rule for each ban."""
    from vigilog.act.ban.counted import Counted  # noqa: PLC0415
    from vigilog.act.ban.iptables import Iptables  # noqa: PLC0415

    return Counted(Iptables(forward=choice.forward), time.monotonic)


def command(choice: Choice) -> Firewall:
    """A program of the administrator's."""
    from vigilog.act.ban.command import Command  # noqa: PLC0415
    from vigilog.act.ban.counted import Counted  # noqa: PLC0415

    return Counted(Command(choice.command), time.monotonic)


BACKENDS: dict[str, Callable[[Choice], Firewall]] = {
    "nftables": nftables,
    "ipset": ipset,
    "iptables": iptables,
    "command": command,
}
