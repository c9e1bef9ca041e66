"""Hosts of a fleet, all in one process: sends their events at a pace, and notes how long each decision took.

    python -m benchmarks.fleet_load BOOTSTRAP NAME HOSTS KEYS EVENTS PACE

NAME.events and NAME.decisions are the topics. One event in a thousand is the last of an attack that five
hosts saw once each.
PACE 0: as fast as it goes. Prints JSON: seconds of sending, seconds until all was counted, and of each decision.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from typing import NamedTuple

from confluent_kafka import Consumer, Producer, TopicPartition

from vigilog.fleet.messages import Sighted, decision, encoded

ATTACK = 1000
"""One attack to so many events."""
STEP = 999_983
"""A prime: counting in such steps comes to every key, neighbours far apart."""
AT_ONCE = 100
PATIENCE = 300.0


class Load(NamedTuple):
    """Who sends how much to whom, at how many events a second."""

    bootstrap: str
    name: str
    hosts: int
    keys: int
    events: int
    pace: float


def main() -> None:
    """See the module."""
    bootstrap, name, hosts, keys, events, pace = sys.argv[1:]
    load = Load(bootstrap, name, int(hosts), int(keys), int(events), float(pace))
    sent: dict[str, float] = {}
    seen: dict[str, float] = {}
    end, listening = threading.Event(), threading.Event()
    watch = threading.Thread(target=listen, args=(load, seen, listening, end))
    watch.start()
    listening.wait()
    begun = time.time()
    send(load, sent)
    sending = time.time() - begun
    limit = time.monotonic() + PATIENCE
    while not counted(load):
        if time.monotonic() > limit:
            end.set()
            sys.exit("the workers do not come to an end")
        time.sleep(0.02)
    behind = time.time() - begun - sending
    limit = time.monotonic() + 10
    while len(seen.keys() & sent.keys()) < len(sent) and time.monotonic() < limit:
        time.sleep(0.02)
    end.set()
    watch.join()
    took = [seen[address] - moment for address, moment in sent.items() if address in seen]
    print(json.dumps({"sending": sending, "behind": behind, "attacks": len(sent), "took": took}))


def send(load: Load, sent: dict[str, float]) -> None:
    """Sends all events; notes when the last one of each attack was handed over."""
    usual = {"linger.ms": 5, "compression.type": "lz4", "queue.buffering.max.messages": 500_000}
    producer = Producer({"bootstrap.servers": load.bootstrap, **usual})
    topic = f"{load.name}.events"
    begun = time.time()
    run = int(begun * 1000)
    for number in range(load.events):
        for address, host in seen_by(load, number, run):
            now = time.time()
            line = f"Nov 20 08:30:00 h{host:03} sshd[{number}]: Failed password for root from {address} port 40022 ssh2"
            fields = {"address": address, "user": "root"}
            event = Sighted("door", (address,), now, now, f"h{host:03}", "auth.log", line, fields, f"{host:016x}", run + number)
            while True:
                try:
                    producer.produce(topic, encoded(event), address)
                    break
                except BufferError:
                    producer.poll(0.1)
        if number % ATTACK == ATTACK - 1:
            sent[address] = now
        if number % AT_ONCE == 0:
            producer.poll(0)
            early = begun + number / load.pace - time.time() if load.pace else 0
            if early > 0:
                time.sleep(early)
    producer.flush()


def seen_by(load: Load, number: int, run: int) -> Iterator[tuple[str, int]]:
    """The address of an event, and the host that saw it; of an attack, which each `run` has its own ones of, the five hosts."""
    if number % ATTACK < ATTACK - 1:
        key = number * STEP % load.keys
        yield f"10.{key >> 16 & 255}.{key >> 8 & 255}.{key & 255}", number % load.hosts
        return
    attack = run + number // ATTACK
    for host in range(5):
        yield f"198.{attack >> 16 & 255}.{attack >> 8 & 255}.{attack & 255}", host


def listen(load: Load, seen: dict[str, float], listening: threading.Event, end: threading.Event) -> None:
    """Notes when each decision could be seen first, as a host would that follows."""
    consumer = Consumer({"bootstrap.servers": load.bootstrap, "group.id": f"{load.name}.load", "fetch.wait.max.ms": 50})
    topic = f"{load.name}.decisions"
    consumer.assign([TopicPartition(topic, 0, consumer.get_watermark_offsets(TopicPartition(topic, 0))[1])])
    listening.set()
    while not end.is_set():
        for message in consumer.consume(1000, 0.05):
            if message.error() is None:
                seen.setdefault(decision(message.value()).target, time.time())
    consumer.close()


def counted(load: Load) -> bool:
    """Whether the workers have committed all that there is."""
    consumer = Consumer({"bootstrap.servers": load.bootstrap, "group.id": load.name, "enable.auto.commit": False})
    try:
        topic = f"{load.name}.events"
        numbers = consumer.list_topics(topic, timeout=PATIENCE).topics[topic].partitions
        committed = consumer.committed([TopicPartition(topic, number) for number in numbers], timeout=PATIENCE)
        ends = [consumer.get_watermark_offsets(each, timeout=PATIENCE) for each in committed]
        return all(max(each.offset, low) >= high for each, (low, high) in zip(committed, ends, strict=True))
    finally:
        consumer.close()


if __name__ == "__main__":
    main()
