"""The triggers that the fleet counts, as its workers need them: no patterns, which are the hosts'."""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

from vigilog.config.settings import Settings
from vigilog.fleet.held import Counting

SLOT = 8
"""Bytes that stand for a trigger in the state: always as many, so that no key of an attacker's can look like another's."""


class Watched(NamedTuple):
    """A trigger of the fleet: what its events are called, how it counts, whether its alerts ban, for how long at first in
    seconds (None: as `[ban]` says), and from which ports (none: all)."""

    name: str
    kind: str
    slot: bytes
    counting: Counting
    bans: bool
    ban_time: float | None
    ports: tuple[str, ...]


def watched(settings: Settings) -> dict[str, Watched]:
    """The enabled triggers whose scope is the fleet, by their names."""
    bans = {name for name, action in settings.actions.items() if action.type == "ban"}
    return {
        trigger.name: Watched(
            trigger.name,
            trigger.kind,
            slot(trigger.name),
            Counting(
                trigger.count,
                trigger.within or None,
                trigger.after == "count-anew",
                trigger.after == "once",
                settings.fleet.grace,
                settings.fleet.forget,
            ),
            not bans.isdisjoint(trigger.actions),
            trigger.ban_time,
            trigger.ports,
        )
        for trigger in settings.triggers
        if trigger.enabled and trigger.scope == "fleet"
    }


def left_out(settings: Settings) -> list[tuple[str, str]]:
    """Triggers of the fleet, each with an action of theirs that nobody carries out: whoever wants more than bans reads the
    topic of alerts."""
    done = {name for name, action in settings.actions.items() if action.type in {"ban", "null"}}
    mine = [trigger for trigger in settings.triggers if trigger.enabled and trigger.scope == "fleet"]
    return [(trigger.name, action) for trigger in mine for action in trigger.actions if action not in done]


def slot(name: str) -> bytes:
    """What stands for the trigger of a name."""
    return sha256(name.encode("utf-8", "surrogateescape")).digest()[:SLOT]
