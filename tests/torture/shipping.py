"""A log that grows while it is shipped to Kafka, a broker that is killed and comes back, a shipper that is killed and started
again; and the account of what is on the topic afterwards."""

from __future__ import annotations

import re
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import IO, NamedTuple

from confluent_kafka import Consumer, TopicPartition

from tests.kafka_broker import Kafka
from tests.torture.command import PROGRAM, environment

KEYS = 101
FORMAT = "%h %l %u %t %r %s %b"
PATIENCE = 120.0
REPEATED = re.compile(r"up to ([0-9,]+) records may be on the topic twice")
NUMBER = re.compile(rb'"bytes_sent":([0-9]+)')


class Arrived(NamedTuple):
    """A record on the topic: its key, and the number of the line that it was made of."""

    key: bytes
    number: int


def line(number: int) -> str:
    """The line of that number."""
    return f"host-{number % KEYS} - anna [20/Nov/2026:08:30:00 +0000] RETR 226 {number}\n"


@dataclass
class Shipping:
    """The world. `written` lines are in the log; `kills` of the shipper, and what it said of each start after one."""

    directory: Path
    kafka: Kafka
    topic: str
    random: Random
    written: int = 0
    kills: int = 0
    process: subprocess.Popen[bytes] | None = None
    said: IO[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.said = (self.directory / "said").open("wb")

    def write(self, count: int) -> None:
        """So many lines more."""
        with (self.directory / "log").open("a") as log:
            log.writelines(map(line, range(self.written, self.written + count)))
        self.written += count

    def command(self, *more: str) -> list[str]:
        """`vigilog ship` of the log."""
        to = ["--broker", self.kafka.bootstrap, "--topic", self.topic, "--key", "remote_dns"]
        format_and_state = ["--format", FORMAT, "--dialect", "proftpd", "-S", str(self.directory / "state")]
        return [*PROGRAM, "ship", str(self.directory / "log"), *to, *format_and_state, *more]

    def start(self) -> None:
        """Follows the log from now on."""
        self.process = subprocess.Popen(self.command("--follow"), env=environment(), stderr=self.said)

    def kill_shipper(self) -> None:
        """kill -9, and a new one."""
        assert self.process
        assert self.process.poll() is None, "it ended by itself"
        self.process.kill()
        self.process.wait()
        self.kills += 1
        self.start()

    def kill_broker(self) -> None:
        """kill -9, and it is back again."""
        self.kafka.kill()
        self.kafka.restart()

    def finish(self) -> None:
        """Ends the shipper in good order, and ships what is left."""
        assert self.process
        self.process.terminate()
        status = self.process.wait(PATIENCE)
        assert status in (0, 75, -signal.SIGTERM), status  # 75: not all was acknowledged yet; or it had hardly begun
        done = subprocess.run(self.command("--wait", "60"), env=environment(), stderr=self.said, timeout=PATIENCE, check=False)
        assert done.returncode == 0, (self.directory / "said").read_text()

    def repeated(self) -> int:
        """How many records may be on the topic twice, by the shippers' own account."""
        said = (self.directory / "said").read_text()
        return sum(int(number.replace(",", "")) for number in REPEATED.findall(said))

    def arrived(self) -> Iterator[Arrived]:
        """All that is on the topic; records of a key in their order."""
        consumer = Consumer(
            {
                "bootstrap.servers": self.kafka.bootstrap,
                "group.id": "account",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
            }
        )
        partitions = consumer.list_topics(self.topic, timeout=30).topics[self.topic].partitions
        consumer.assign([TopicPartition(self.topic, partition, 0) for partition in partitions])
        ended: set[int] = set()
        while len(ended) < len(partitions):
            for message in consumer.consume(10_000, 1.0):
                if message.error() is None:
                    found = NUMBER.search(message.value() or b"")
                    assert found, message.value()
                    yield Arrived(message.key() or b"", int(found[1]))
                else:
                    ended.add(message.partition())
        consumer.close()

    def account(self) -> list[str]:
        """What is wrong; nothing, if all is as it should be."""
        faults: list[str] = []
        times: Counter[int] = Counter()
        last: dict[bytes, int] = {}
        newest: dict[bytes, int] = {}
        back: Counter[bytes] = Counter()
        for key, number in self.arrived():
            times[number] += 1
            if key != b"host-%d" % (number % KEYS):
                faults.append(f"line {number} has the key {key!r}")
            expected = last.get(key, number % KEYS - KEYS) + KEYS
            if number < expected:
                back[key] += 1
            elif number > expected:
                faults.append(f"{key!r}: line {number} came where {expected} should")
            last[key] = number
            newest[key] = max(number, newest.get(key, -1))
        missing = self.written - len(times)
        if missing:
            faults.append(f"{missing} lines are missing, such as {next(n for n in range(self.written) if n not in times)}")
        twice = sum(times.values()) - len(times)
        if twice > self.repeated():
            faults.append(f"{twice} records are on the topic again; the shippers counted {self.repeated()} at most")
        if (most := max(back.values(), default=0)) > self.kills:
            faults.append(f"a key went back {most} times in {self.kills} crashes")
        return faults
