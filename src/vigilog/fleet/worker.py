"""A worker: the counter within Quix Streams, which brings messages and state together, exactly once, over as many workers as
there are partitions."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any, NamedTuple

from vigilog.config.settings import Settings
from vigilog.fleet.connection import missing
from vigilog.fleet.counter import Counter, Out
from vigilog.fleet.messages import decision, key_of_decision
from vigilog.fleet.place import Place
from vigilog.fleet.timers import Store, Timed, Timers

SESSION = 10.0
"""After so many seconds of silence a worker is taken for dead, and its partitions go to the others."""
UNDECIDED = 10.0
"""What a dead worker left open on the brokers ends after so many seconds: until then nobody sees what comes after it."""
STATISTICS = 1.0
"""How often librdkafka tells about itself, in seconds."""
ANSWER = 0.1
"""How long is waited for a message; a commit may be late by so much when there are few."""
FETCH = 0.05
"""So long a broker waits for more messages before it answers with few: each answer costs both of them something."""
LINGER = 0.1
"""So long messages may wait for more, in seconds; a commit sends all of them at once, and before it nobody sees any."""
MEBIBYTE = 1 << 20


class Joined(NamedTuple):
    """What librdkafka says of the consumer: whether it has its partitions for now, which, and how much lies there unread."""

    settled: bool
    partitions: tuple[int, ...]
    lag: dict[int, int]


def application(
    settings: Settings, properties: dict[str, Any], place: Place, counter: Counter, heard: Callable[[Joined], None]
) -> Any:
    """The Quix application, ready to `run`; SIGTERM ends it. `heard` is told once a second how it does.

    Raises MissingExtra.
    """
    try:
        from quixstreams import Application  # noqa: PLC0415 - an extra
        from quixstreams.context import message_context  # noqa: PLC0415
        from quixstreams.state.rocksdb import RocksDBOptions  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise missing(error) from error
    fleet = settings.fleet

    def told(statistics: str) -> None:
        heard(joined(json.loads(statistics), fleet.events))

    made = Application(
        properties["bootstrap.servers"],
        consumer_group=fleet.group,
        auto_offset_reset="earliest",
        commit_interval=fleet.commit_interval,
        consumer_poll_timeout=min(ANSWER, fleet.commit_interval / 2),
        processing_guarantee="exactly-once",
        state_dir=os.path.join(place.directory, "state"),
        rocksdb_options=RocksDBOptions(
            write_buffer_size=8 * MEBIBYTE,
            max_write_buffer_number=2,
            target_file_size_base=16 * MEBIBYTE,
            block_cache_size=64 * MEBIBYTE,
            max_total_wal_size=32 * MEBIBYTE,
        ),
        consumer_extra_config={
            "session.timeout.ms": int(SESSION * 1000),
            "heartbeat.interval.ms": int(SESSION * 200),
            **_common(properties),
            "statistics.interval.ms": int(STATISTICS * 1000),
            "stats_cb": told,
            "queued.max.messages.kbytes": 16 * 1024,
            "fetch.min.bytes": 32 * 1024,
            "fetch.wait.max.ms": int(FETCH * 1000),
        },
        producer_extra_config={
            "compression.type": "lz4",
            **_common(properties),
            "transactional.id": f"{fleet.group}-{place.name}",
            "transaction.timeout.ms": int(UNDECIDED * 1000),
            "linger.ms": int(LINGER * 1000),
        },
        broker_availability_timeout=0,  # they come back
        loglevel=None,
    )

    def count(value: bytes | None, key: bytes | None, time: int, _headers: object) -> tuple[Out, ...]:
        context, arrived = message_context(), time / 1000
        timers.seen(context.partition, arrived)
        own = Timed(store(context.partition), key or b"", context.partition, timers)
        return counter(value if key is not None else None, context.offset, arrived, own)  # hosts give every message a key

    def store(partition: int) -> Store:
        kept: Store = frame.processing_context.checkpoint.get_store_transaction(stream_id=frame.stream_id, partition=partition)
        return kept

    events, alerts, decisions = (
        made.topic(name, "bytes", "bytes", "bytes", "bytes") for name in (fleet.events, fleet.alerts, fleet.decisions)
    )
    frame = made.dataframe(events)
    timers = Timers(store, counter.until)
    frame.processing_context.sink_manager.register(timers)  # type: ignore[arg-type] # it is told before each commit
    frame.register_store()  # instead of stateful=True, which makes one more object for each message around the same transaction
    found = frame.apply(count, metadata=True, expand=True)
    found.filter(lambda out: bool(out.alarm)).apply(lambda out: out.alarm).to_topic(alerts)
    found.filter(lambda out: bool(out.decision)).apply(lambda out: out.decision).to_topic(decisions, key=_key)
    return made


def joined(statistics: dict[str, Any], topic: str) -> Joined:
    """What matters of librdkafka's statistics (2.12, STATISTICS.md)."""
    group = statistics.get("cgrp", {})
    partitions = statistics.get("topics", {}).get(topic, {}).get("partitions", {})
    mine = {int(number): each for number, each in partitions.items() if each.get("desired") and int(number) >= 0}
    lag = {number: max(each.get("consumer_lag", 0), 0) for number, each in mine.items()}
    settled = group.get("state") == "up" and group.get("join_state") == "steady"
    return Joined(settled, tuple(sorted(mine)), lag)


def _common(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name != "bootstrap.servers"}


def _key(value: bytes) -> bytes:
    made = decision(value)
    return key_of_decision(made.target, made.ports)
