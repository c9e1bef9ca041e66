"""One way to Kafka: a shipper, and whoever sees to it that what it was given is safe."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from threading import Event, Lock, Thread

from vigilog.core.clock import Clock
from vigilog.core.errors import DeliveryError, VigilogError
from vigilog.ship.counts import Counts
from vigilog.ship.record import Record
from vigilog.ship.settings import Connection, SpoolSettings
from vigilog.ship.shipper import Shipper

LOOKS = 0.25
"""Seconds between two looks whether events were acknowledged. What was not for longer than that is put on the disk: no event is
older than twice as much when it is safe."""

Said = Callable[[str], None]


def key(connection: Connection) -> tuple[object, ...]:
    """What makes two connections the same, wherever they are written."""
    last = {each.name: each.value for each in connection.properties}
    return (*connection.brokers, *sorted(last.items()))


class Outlet:
    """One shipper, and what keeps its records safe: shared by all servers with the same brokers and properties. `say` is called
    from other threads."""

    def __init__(self, connection: Connection, directory: str, say: Said, clock: Clock) -> None:
        self._connection = connection
        self._directory, self._say, self._clock = directory, say, clock
        self._offered, self._closing = Event(), Event()
        self._swapping = Lock()
        self._last = 0
        self._shipper = self._opened(connection)
        self._keeper = Thread(target=self._keep, name="kafka-keeper", daemon=True)
        self._keeper.start()

    @property
    def key(self) -> tuple[object, ...]:
        """Where it leads."""
        return key(self._connection)

    def _opened(self, connection: Connection) -> Shipper:
        return Shipper(connection, SpoolSettings(self._directory, when_full="drop-oldest"), say=self._say, clock=self._clock)

    def offer(self, records: Sequence[Record]) -> None:
        """Takes records; waits for nothing."""
        self._last = self._shipper.offer(records)
        if not self._offered.is_set():
            self._offered.set()

    def connect(self, connection: Connection) -> None:
        """Other brokers or properties: what waits goes there. What this raises leaves everything as it was."""
        with self._swapping:
            self._shipper.close(0)
            try:
                self._shipper = self._opened(connection)
            except VigilogError:
                self._shipper = self._opened(self._connection)
                raise
            self._connection = connection

    def _keep(self) -> None:
        """Whatever was offered is acknowledged, or on the disk, a moment later. A full disk is tried again."""
        while not self._closing.is_set():
            self._offered.wait()
            self._offered.clear()
            number = self._last
            self._closing.wait(LOOKS)
            try:
                with self._swapping:
                    safe = self._shipper.settle(0, number)
            except DeliveryError as error:
                self._say(str(error))
                return
            if not safe:
                self._offered.set()

    @property
    def counts(self) -> Counts:
        """How it does."""
        return self._shipper.counts

    def close(self, seconds: float) -> str:
        """Gives brokers that are there so much time, keeps the rest for the next start, and says what became of it."""
        self._closing.set()
        self._offered.set()
        until = time.monotonic() + seconds
        while (now := self._shipper.counts).waiting and now.away_since is None and time.monotonic() < until:
            time.sleep(LOOKS / 10)
        return str(self._shipper.close(0))
