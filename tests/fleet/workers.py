"""Workers of a fleet as processes of their own, and what a test asks of the brokers about them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, TopicPartition

COMMAND = [sys.executable, "-c", "from vigilog.cli.main import run; run()"]
PATIENCE = 90.0


class Worker:
    """`vigilog fleet run` with a configuration; `log` is what it said."""

    def __init__(self, configuration: Path, log: Path) -> None:
        self._path = log
        with log.open("wb") as file:
            self.process = subprocess.Popen([*COMMAND, "fleet", "run", "--config", configuration], stderr=file)

    @property
    def log(self) -> str:
        return self._path.read_text()

    def ready(self) -> Worker:
        until(lambda: "\nready: " in f"\n{self.log}", lambda: self.log, self.process)
        return self

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        """SIGTERM; gives the status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


class Workers:
    """Starts workers; all that are left end with the test."""

    def __init__(self, configuration: Path) -> None:
        self._configuration = configuration
        self.all: list[Worker] = []

    def start(self) -> Worker:
        self.all.append(Worker(self._configuration, self._configuration.with_name(f"worker-{len(self.all)}.log")))
        return self.all[-1]

    def close(self) -> None:
        for worker in self.all:
            if worker.process.poll() is None:
                worker.kill()


@contextmanager
def workers(configuration: Path) -> Iterator[Workers]:
    made = Workers(configuration)
    try:
        yield made
    finally:
        made.close()


def until(done: Any, said: Any = lambda: "", process: Any = None) -> None:
    """Waits until something is so."""
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end, said()
        assert process is None or process.poll() is None, said()
        time.sleep(0.05)


def read_to_the_end(bootstrap: str, group: str, topic: str, partitions: int) -> bool:
    """Whether a group has committed all that is on a topic."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "enable.auto.commit": False, "log_level": 0})
    try:
        for each in consumer.committed([TopicPartition(topic, number) for number in range(partitions)], timeout=30):
            low, high = consumer.get_watermark_offsets(each, timeout=30)
            if max(each.offset, low) < high:
                return False
        return True
    finally:
        consumer.close()


def unique(word: str) -> str:
    """A name that nobody used."""
    return f"{word}-{os.getpid()}-{os.urandom(3).hex()}"
