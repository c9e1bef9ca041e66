"""From the settings to how sources in Kafka are reached."""

from __future__ import annotations

import os
import re
from hashlib import blake2b

from vigilog.config.settings import Settings, State
from vigilog.core.nouns import Place
from vigilog.ship.brokers import brokers
from vigilog.ship.settings import Connection
from vigilog.watch.options import Kafka

_CONNECTION = ("broker.", "client.", "enable.ssl.", "enable.sasl.", "metadata.", "sasl.", "security.", "socket.", "ssl.")
"""How properties begin that are about the connection, whoever makes it."""


def kafka(settings: Settings, *, trial: bool = False) -> Kafka:
    """The brokers of `[watch]` with its properties; where it names none, those of `[ship]` with what is said there about the
    connection, and the properties of `[watch]` besides. Raises ConfigurationError for brokers that are none."""
    wanted, given = settings.watch, dict(settings.watch.kafka_properties)
    words, place = wanted.kafka_brokers, Place("watch.kafka_brokers")
    if not words:
        words, place = settings.ship.brokers, Place("ship.brokers")
        given = {name: value for name, value in settings.kafka.properties.items() if name.startswith(_CONNECTION)} | given
    member = named(settings.fleet.host or os.uname().nodename, settings.state.directory)
    group = wanted.kafka_group or f"vigilog-run.{member}"
    if not words:
        return Kafka(given, group, member, trial)
    servers = brokers(Connection(words, (), place))
    protocol = {"security.protocol": servers.protocol} if servers.protocol else {}
    return Kafka({"bootstrap.servers": servers.servers, **given, **protocol}, group, member, trial)


def named(host: str, directory: str) -> str:
    """A name in consumer groups that no other daemon has: that of its host, and a sign for its state directory, unless that is
    the usual one."""
    name = re.sub("[^A-Za-z0-9._-]", "_", host)[:200]
    if directory == State().directory:
        return name
    return f"{name}.{blake2b(directory.encode('utf-8', 'surrogateescape'), digest_size=4).hexdigest()}"
