"""Decisions for the whole fleet, made and looked up by hand: written to their topic, and read from it."""

from __future__ import annotations

import os
import pwd
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from vigilog.act.ban.target import Network, network, port, target
from vigilog.config.settings import Settings
from vigilog.core.clock import Clock
from vigilog.core.errors import ConfigurationError, MissingExtra
from vigilog.core.nouns import Chunk
from vigilog.fleet.connection import Unreachable, properties
from vigilog.fleet.messages import Decision, decision, encoded, forgiveness, key_of, key_of_decision
from vigilog.fleet.topics import make
from vigilog.ship.properties import REMEDY
from vigilog.watch.kafka import KafkaTopics
from vigilog.watch.kafka_spec import Spec
from vigilog.watch.options import Kafka, Options

PATIENCE = 15.0
"""How long is waited for the brokers' word, in seconds."""


def bans(
    settings: Settings, texts: Iterable[str], *, seconds: float | None, ports: Sequence[str], reason: str, now: float
) -> list[Decision]:
    """Decisions to ban addresses and networks (first address and length) for so many seconds, None: as `[ban]` has it for the
    first time. Raises ConfigurationError for what is neither."""
    until = now + (settings.ban.time if seconds is None else seconds)
    wanted = tuple(_understood(each, port, "a port") for each in ports)
    return [
        Decision("ban", target(each), until, reason or "asked for", "", (), who(settings), now, wanted)
        for each in (_understood(text, network, "an address") for text in texts)
    ]


def ends(settings: Settings, texts: Iterable[str] | None, found: Iterable[Decision], *, now: float) -> list[Decision]:
    """Decisions to let in addresses and networks (None: everybody), and every one of those `found` in force that has an address
    in common with one of them. Raises ConfigurationError for what is neither."""
    lifted: dict[tuple[str, tuple[str, ...]], tuple[str, ...]] = {}
    wanted = None if texts is None else [_understood(each, network, "an address") for each in texts]
    for each in found:
        if wanted is None or any(touches(each, what) for what in wanted):
            lifted[each.target, each.ports] = each.key
    for what in wanted or ():
        lifted.setdefault((target(what), ()), (target(what),))
    by = who(settings)
    return [Decision("unban", name, None, "asked for", "", (), by, now, ports, key) for (name, ports), key in lifted.items()]


def publish(settings: Settings, decisions: Sequence[Decision]) -> None:
    """Writes decisions to their topic, which is made if it is not there; comes back when all brokers that keep it have them.
    Workers are told to begin anew with those who are let in.

    Raises Unreachable if not all were acknowledged, MissingExtra and ConfigurationError."""
    try:
        from confluent_kafka import KafkaException, Producer  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise MissingExtra("a decision of the fleet needs confluent-kafka", remedy=REMEDY) from error
    reached: dict[str, Any] = {**properties(settings), "log_level": 0}
    make(settings, reached)
    messages = told(settings, decisions)
    failed: list[str] = []
    answers = 0

    def answered(error: Any, message: object) -> None:
        nonlocal answers
        del message
        answers += 1
        if error is not None:
            failed.append(error.str())

    try:
        producer = Producer({**reached, "acks": "all", "enable.idempotence": True, "message.timeout.ms": int(PATIENCE * 1000)})
        for topic, key, value in messages:
            producer.produce(topic, value, key, on_delivery=answered)
        producer.flush(PATIENCE + 1)
    except KafkaException as error:
        failed.append(error.args[0].str())
    if failed or answers < len(messages):
        why = failed[0] if failed else "no answer"
        remedy = "look at the brokers, and do it again: twice does no harm"
        raise Unreachable(f"the brokers did not take the decision: {why}", remedy=remedy)


def told(settings: Settings, decisions: Iterable[Decision]) -> list[tuple[str, bytes, bytes]]:
    """Topic, key and value of what is to be written: the decisions, and for those who are let in, that counting begins anew."""
    fleet, host, origin = settings.fleet, settings.fleet.host or os.uname().nodename, secrets.token_hex(8)
    found = [(fleet.decisions, key_of_decision(each.target, each.ports), encoded(each)) for each in decisions]
    let_in = {each.key: each for each in decisions if each.decision == "unban" and each.key}
    for key, each in let_in.items():
        again = forgiveness(key, now=each.made, host=host, by=each.by, origin=origin)
        found.append((fleet.events, key_of([part.encode() for part in key]), encoded(again)))
    return found


def in_force(settings: Settings, clock: Clock) -> list[Decision]:
    """The bans that were decided and hold still, as the topic has them, in their order. Raises Unreachable, MissingExtra and
    ConfigurationError."""
    kafka = Kafka(properties(settings))
    topic = KafkaTopics(Spec((settings.fleet.decisions,)), Options(clock, "all", kafka=kafka))
    found: dict[bytes, Decision] = {}
    for item in topic.read(None):
        if isinstance(item, Chunk):
            for line in filter(None, item.data.split(b"\n")):
                try:
                    take(decision(line), found)
                except (msgspec.DecodeError, RecursionError, ValueError):
                    continue  # hosts that follow say so
        elif item.kind == "unreadable":
            raise Unreachable(item.text, remedy="look at the brokers")
    now = clock()
    return [each for each in found.values() if each.until is None or each.until > now]


def take(each: Decision, found: dict[bytes, Decision]) -> None:
    """Puts a decision behind those before it: a ban takes the place of another about the same; who is let in is in none."""
    if each.decision == "ban":
        key = key_of_decision(each.target, each.ports)
        found.pop(key, None)
        found[key] = each
        return
    what = network(each.target)
    is_alone = "/" not in each.target
    for key in [
        key
        for key, other in found.items()
        if other.target == each.target or (not (is_alone and "/" not in other.target) and touches(other, what))
    ]:
        del found[key]


def touches(each: Decision, what: Network) -> bool:
    """Whether a decision is about an address of that network. One about something that is none is about nothing."""
    if each.target == target(what):
        return True
    try:
        there = network(each.target)
    except ValueError:
        return False
    return there.version == what.version and there.overlaps(what)


def plain(each: Decision) -> Mapping[str, object]:
    """A decision as JSON has it."""
    found: dict[str, object] = msgspec.to_builtins(each)
    return found


def who(settings: Settings) -> str:
    """Whoever decides: a user at a host."""
    name = os.environ.get("SUDO_USER") if os.geteuid() == 0 else None
    if not name:
        try:
            name = pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            name = str(os.getuid())
    return f"{name}@{settings.fleet.host or os.uname().nodename}"


def _understood(text: str, meaning: Any, what: str) -> Any:
    try:
        return meaning(text)
    except ValueError as error:
        raise ConfigurationError(f"{text!r} is {error}", expected=what) from None
