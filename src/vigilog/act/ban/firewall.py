"""The seam of firewalls: what each of them can be told, and what it answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from vigilog.act.ban.target import EVERY_PORT, Port, Target
from vigilog.core.errors import VigilogError


class Element(NamedTuple):
    """One thing that is shut out: a target, and the port it may not reach (EVERY_PORT: it may reach nothing)."""

    target: Target
    port: Port = EVERY_PORT


class Entry(NamedTuple):
    """An element and how long it is to be shut out from now on, in whole seconds (at least 1)."""

    element: Element
    seconds: int


Present = Mapping[Element, float | None]
"""What a firewall holds, each with the seconds it has left; None where the firewall does not count them."""

LONGEST = 10 * 365 * 86400
"""No ban is longer than this, in seconds."""


class FirewallError(VigilogError):
    """The firewall did not do what it was told. Nothing of it was done, or (command, iptables) not all of it."""


class Firewall(Protocol):
    """A firewall with a place of Vigilog's own in it. Every method raises FirewallError."""

    def restore(self, entries: Iterable[Entry]) -> None:
        """Holds these entries and nothing else from now on, whatever was there before, in one step: at no moment are
        those let in that were shut out and stay so. They may be such that they are given once only."""

    def add(self, entries: Sequence[Entry]) -> None:
        """Shuts out more, all in one step. They are not held yet; if one is, it may keep its earlier end."""

    def prolong(self, entries: Sequence[Entry]) -> None:
        """Gives entries that may be held already a new end, in one step; at no moment are they let in."""

    def remove(self, elements: Iterable[Element]) -> None:
        """Lets elements in again. Those that are not held are no error."""

    def present(self) -> Present | None:
        """All that is held; None where that cannot be known."""

    def intact(self) -> bool:
        """Whether what drops the packets is still there, as far as can be told in a millisecond or two: not what is held."""

    def clear(self) -> None:
        """Takes everything of Vigilog's out of the firewall; no error if there is nothing."""
