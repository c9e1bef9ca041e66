"""From the settings to the target that `vigilog run` ships to."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from vigilog.config.layer import Key
from vigilog.config.settings import Settings
from vigilog.core.clock import Clock
from vigilog.core.nouns import Place
from vigilog.ship.seam import Target
from vigilog.ship.settings import Connection, Property, SpoolSettings
from vigilog.shipping.destination import MIB, brokers, spool_directory


def opened(settings: Settings, committed: int | None, *, say: Callable[[str], None], clock: Clock) -> Target:
    """The target of `[ship]`: what it is given is held until it is released. `committed` is the number of the last record that
    the store knows of. Raises what `ship.shipper.Shipper` and `ship.plain.PlainTarget` raise."""
    if settings.ship.to != "kafka":
        from vigilog.ship.plain import PlainTarget  # noqa: PLC0415 - loaded by those who use it

        return PlainTarget(settings.ship.to, place=Place("[ship] to"))
    from vigilog.ship.shipper import Shipper  # noqa: PLC0415 - loads the library for Kafka

    return Shipper(connection(settings), spool(settings), say=say, clock=clock, hold=True, committed=committed)


def connection(settings: Settings, places: Mapping[Key, Place] | None = None) -> Connection:
    """The brokers of the settings, and librdkafka's properties; with the `places` where they are written, if they are known."""
    where = places or {}
    written = where.get(("kafka", "properties"))
    properties = [
        Property(name, value, where.get(("kafka", f"properties.{name}"), written))
        for name, value in settings.kafka.properties.items()
    ]
    return Connection(brokers(settings), properties, where.get(("ship", "brokers")))


def spool(settings: Settings) -> SpoolSettings:
    """Where records wait, how many, and what becomes of those that are refused."""
    wanted, directory = settings.ship, spool_directory(settings)
    letters = wanted.dead_letters or os.path.join(directory, "dead-letters")
    return SpoolSettings(directory, wanted.spool_size * MIB, wanted.when_full, letters)
