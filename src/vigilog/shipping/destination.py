"""What settings say about where things go: whether anything does, which brokers, which directory."""

from __future__ import annotations

import os
from collections.abc import Sequence

from vigilog.config.settings import Settings

MIB = 1 << 20


def wanted(settings: Settings) -> bool:
    """Whether there is anything to ship."""
    return bool(settings.streams) or any(trigger.scope == "fleet" and trigger.enabled for trigger in settings.triggers)


def where(settings: Settings) -> tuple[object, ...]:
    """All that another target would have to be opened for."""
    return settings.ship, settings.kafka, brokers(settings), settings.state.directory


def brokers(settings: Settings) -> Sequence[str]:
    """Where everything goes: the fleet's brokers, if it has its own."""
    fleet = any(trigger.scope == "fleet" for trigger in settings.triggers)
    return settings.fleet.brokers if fleet and settings.fleet.brokers else settings.ship.brokers


def spool_directory(settings: Settings) -> str:
    """Where records wait."""
    return settings.ship.spool or os.path.join(settings.state.directory, "spool")
