"""The topics of the fleet: made where they are missing, and left as they are where they are there."""

from __future__ import annotations

from typing import Any

from vigilog.config.settings import Settings
from vigilog.fleet.connection import Unreachable, missing

PATIENCE = 15.0
"""Seconds that the brokers have to answer."""
DAY = 86_400


def wanted(settings: Settings) -> dict[str, tuple[int, dict[str, str]]]:
    """The topics by their names: how many partitions, and their properties.

    Messages of hosts get the broker's time: by it, not by the clock of a host, it is seen whether one is late. Decisions are
    compacted, and gone when no ban that `[ban]` gives can be in force any more.
    """
    fleet, longest = settings.fleet, max(settings.ban.max_time, settings.ban.time)
    kept = int(longest + settings.ban.memory + DAY) * 1000
    return {
        fleet.events: (fleet.partitions, {"message.timestamp.type": "LogAppendTime"}),
        fleet.alerts: (1, {}),
        fleet.decisions: (1, {"cleanup.policy": "compact,delete", "retention.ms": str(kept)}),
    }


def make(settings: Settings, properties: dict[str, Any]) -> list[str]:
    """Makes what is missing; gives the names. Raises Unreachable, MissingExtra."""
    try:
        from confluent_kafka import KafkaException  # noqa: PLC0415 - an extra
        from confluent_kafka.admin import AdminClient, NewTopic  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise missing(error) from error
    admin = AdminClient(properties)
    try:
        there = admin.list_topics(timeout=PATIENCE).topics
        absent = {name: how for name, how in wanted(settings).items() if name not in there}
        new = [NewTopic(name, count, settings.fleet.replication, config=config) for name, (count, config) in absent.items()]
        for name, made in admin.create_topics(new).items() if new else ():
            try:
                made.result(PATIENCE)
            except KafkaException as error:
                if error.args[0].name() != "TOPIC_ALREADY_EXISTS":  # another worker was quicker
                    raise Unreachable(f"the topic {name} cannot be made: {error.args[0].str()}") from error
    except KafkaException as error:
        brokers = properties["bootstrap.servers"]
        raise Unreachable(f"Kafka does not answer at {brokers}: {error.args[0].str()}", remedy="look at brokers") from error
    return list(absent)
