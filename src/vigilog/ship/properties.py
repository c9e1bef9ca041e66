"""A connection → librdkafka's properties, and whose fault it is if it refuses them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from vigilog.core.errors import ConfigurationError, MissingExtra
from vigilog.core.nouns import Place
from vigilog.ship.brokers import brokers
from vigilog.ship.settings import Connection, Property

if TYPE_CHECKING:
    from confluent_kafka import Producer

DEFAULTS: Mapping[str, str] = {
    "client.id": "vigilog",
    "compression.codec": "lz4",
    "enable.idempotence": "true",
    # Brokers may be away for as long as they like: what is not acknowledged waits, here and in the spool.
    "message.timeout.ms": "0",
}
"""What is set where the configuration says nothing else."""
_SAME = {
    "compression.type": "compression.codec",
    "delivery.timeout.ms": "message.timeout.ms",
    "metadata.broker.list": "bootstrap.servers",
    "request.required.acks": "acks",
}
MAXIMA: Mapping[str, int] = {"queue.buffering.max.messages": 1_000_000, "queue.buffering.max.kbytes": 1 << 20}
"""What librdkafka is told of its queue. It must never be full: what finds no room is out of order later. What the configuration
says about it bounds how much is handed over, instead."""
_NOT_HERE = {
    "transactional.id": "records are sent without transactions",
    "enable.gapless.guarantee": "it would end the producer at the first record that a broker refuses",
}
_OURS = frozenset({"error_cb", "stats_cb", "throttle_cb", "oauth_cb", "on_delivery", "logger", "delivery.report.only.error"})
"""Words that the binding takes besides librdkafka's; in a configuration they are none."""
MODULE = "confluent_kafka"
REMEDY = "pip install 'vigilog[kafka]'"


def properties(connection: Connection) -> dict[str, str]:
    """The properties of a producer. Raises ConfigurationError for what can be known without librdkafka."""
    found = dict(DEFAULTS)
    given: dict[str, Property] = {}
    for each in connection.properties:
        name = _SAME.get(each.name, each.name)
        if name in _NOT_HERE:
            raise ConfigurationError(f"{each.name} cannot be set: {_NOT_HERE[name]}", place=each.place)
        if name in _OURS or "\0" in each.name + each.value or not _text(each.name + each.value):
            raise ConfigurationError(f'No such configuration property: "{each.name}"', place=each.place)
        found[name] = each.value
        given[name] = each
    if "bootstrap.servers" not in given:
        servers = brokers(connection)
        found["bootstrap.servers"] = servers.servers
        if servers.protocol:
            said = given.get("security.protocol")
            if said and said.value.lower() != servers.protocol:
                raise ConfigurationError(
                    f"security.protocol is {said.value}, but the brokers are {servers.protocol}://",
                    place=said.place,
                    expected=servers.protocol,
                )
            found["security.protocol"] = servers.protocol
    return found


def _text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check(connection: Connection) -> None:
    """Raises ConfigurationError for a property that librdkafka refuses, or a broker that is none, with the place where it is
    written; MissingExtra without the extra. Speaks to no broker. Files that properties name are read."""
    producer({name: value for name, value in properties(connection).items() if name != "bootstrap.servers"}, connection)


def producer(wanted: Mapping[str, str], connection: Connection, **callbacks: Any) -> Producer:
    """A producer with these properties. Raises ConfigurationError and MissingExtra."""
    make, refusal = binding()
    try:
        made: Producer = make({"logger": _Silent(), **wanted, **callbacks})
    except refusal as error:
        text = _text_of(error)
        raise ConfigurationError(text, place=_culprit(text, connection)) from error
    return made


def binding() -> tuple[Any, Any]:
    """The classes Producer and KafkaException. Raises MissingExtra."""
    try:
        from confluent_kafka import KafkaException, Producer  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        if error.name != MODULE:
            raise
        raise MissingExtra(f"shipping to Kafka needs {MODULE}", remedy=REMEDY) from error
    return Producer, KafkaException


def _culprit(text: str, connection: Connection) -> Place | None:
    """Where the property stands that librdkafka complained about in `text`: the one whose name it says, or whose value, or the
    first one that it does not take alone (it may call it by another name); else where the brokers are written."""
    for said in (attrgetter("name"), attrgetter("value")):
        for each in reversed(connection.properties):
            if said(each) and re.search(rf"(?<![\w.]){re.escape(said(each))}(?![\w.])", text):
                return each.place
    make, refusal = binding()
    for each in connection.properties:
        try:
            make({each.name: each.value}, logger=_Silent())
        except refusal:
            return each.place
    return connection.place


def _text_of(error: Exception) -> str:
    text = error.args[0].str() if error.args and hasattr(error.args[0], "str") else str(error)
    return " ".join(text.split())


class _Silent:
    """Where a producer that is only tried says what it has to say."""

    def log(self, level: int, *said: object) -> None:
        """Takes a line of librdkafka's."""


def limits(connection: Connection) -> tuple[int, int]:
    """How many records and bytes may be with the producer at the same time, if the configuration says it; else the maxima."""
    found = [MAXIMA["queue.buffering.max.messages"], MAXIMA["queue.buffering.max.kbytes"]]
    for each in connection.properties:
        for index, name in enumerate(MAXIMA):
            if each.name == name and each.value.strip().isdigit():
                found[index] = int(each.value)
    return found[0] or MAXIMA["queue.buffering.max.messages"], found[1] * 1024
