"""What a configuration can say about `[watch]`: how sources are reached that are neither files nor sockets of this host."""

from __future__ import annotations

import msgspec

from vigilog.config.table import Table


class Watch(Table, frozen=True):
    """`[watch]`: how `kafka:TOPIC` among the sources is reached."""

    kafka_brokers: tuple[str, ...] = ()
    """Brokers to begin with, as in `[ship]`; empty: those of `[ship]`, with its properties that are about the connection."""
    kafka_group: str = ""
    """The consumer group of `vigilog run`. Hosts that have the same one share the partitions among them; empty: a group of this
    host's own, which reads everything."""
    kafka_properties: dict[str, str] = msgspec.field(default_factory=dict)
    """Any property of librdkafka by its own name, such as {"security.protocol" = "ssl"}."""
