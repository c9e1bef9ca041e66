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


def remarks(settings: Settings, properties: dict[str, Any]) -> list[str]:
    """What is not as it should be about the topic of events, in words: a broker may have made it for a host that was there
    before the first worker. What the brokers do not tell is not remarked upon."""
    from confluent_kafka import KafkaException  # noqa: PLC0415 - an extra
    from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType  # noqa: PLC0415

    name = settings.fleet.events
    count, how = wanted(settings)[name]
    admin = AdminClient(properties)
    asked = ConfigResource(ResourceType.TOPIC, name)
    found: list[str] = []
    try:
        there = len(admin.list_topics(name, timeout=PATIENCE).topics[name].partitions)
        if there < count:
            found.append(
                f"the topic {name} has fewer partitions than [fleet] says: {there}, not {count}; so many workers have work"
            )
        has = admin.describe_configs([asked])[asked].result(PATIENCE)
        for key, value in how.items():
            if has[key].value != value:
                remedy = f"kafka-configs --alter --topic {name} --add-config {key}={value}"
                found.append(f"the topic {name} has {key}={has[key].value}: hosts' clocks say when an event came; {remedy}")
    except KafkaException:
        return found
    return found


def make(settings: Settings, properties: dict[str, Any]) -> list[str]:
    """Makes what is missing; gives the names of what was made here. Raises Unreachable, MissingExtra."""
    try:
        from confluent_kafka import KafkaException  # noqa: PLC0415 - an extra
        from confluent_kafka.admin import AdminClient, NewTopic  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise missing(error) from error
    admin = AdminClient(properties)
    try:
        there = admin.list_topics(timeout=PATIENCE).topics
        absent = {name: how for name, how in wanted(settings).items() if name not in there}
        ours: list[str] = []
        new = [NewTopic(name, count, settings.fleet.replication, config=config) for name, (count, config) in absent.items()]
        for name, made in admin.create_topics(new).items() if new else ():
            try:
                made.result(PATIENCE)
            except KafkaException as error:
                if error.args[0].name() != "TOPIC_ALREADY_EXISTS":  # another worker was quicker
                    raise Unreachable(f"the topic {name} cannot be made: {error.args[0].str()}") from error
            else:
                ours.append(name)
    except KafkaException as error:
        brokers = properties["bootstrap.servers"]
        raise Unreachable(f"Kafka does not answer at {brokers}: {error.args[0].str()}", remedy="look at brokers") from error
    return ours
