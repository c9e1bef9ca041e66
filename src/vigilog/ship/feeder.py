"""The thread that sends: from the spool to the producer, and what is acknowledged back to the spool.

It sends for up to half a second, or so much as a producer may hold, and then until all of it is acknowledged: librdkafka can be
asked cheaply whether anything is left, but not what. If some of it failed for another reason than its own the whole stretch is
sent again, in its order, once the producer holds nothing of it any more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from vigilog.core.errors import VigilogError
from vigilog.ship.block import Block
from vigilog.ship.producer import KafkaProducer
from vigilog.ship.reach import FAILED, Reach
from vigilog.ship.refusals import DeadLetters, Refusal
from vigilog.ship.spool import Spool

RECORDS = 100_000
BYTES = 16 << 20
STRETCH = 0.5
"""Seconds after which nothing is added to what must be acknowledged together."""
_ANSWERS = 0.05
_IDLE = 0.5
_MINUTE = 60.0
_AGAIN = 1.0  # seconds between attempts of what failed


class Feeder(threading.Thread):
    """Sends until `stop`. `limits` are how many records and bytes a producer may hold; `connect` makes another one for
    one that librdkafka gave up."""

    def __init__(
        self,
        spool: Spool,
        producer: KafkaProducer,
        connect: Callable[[], KafkaProducer],
        dead_letters: DeadLetters,
        reach: Reach,
        say: Callable[[str], None],
        limits: tuple[int, int],
    ) -> None:
        super().__init__(name="vigilog-ship", daemon=True)
        self._spool = spool
        self.producer = producer
        self._connect = connect
        self._dead_letters = dead_letters
        self._reach = reach
        self._say = say
        self._limits = min(RECORDS, limits[0]), min(BYTES, limits[1])
        self._stretch: list[Block] = []
        self._held = (0, 0)
        self._since = 0.0
        self._stopping = threading.Event()
        self.given = self.dead = self.repeated = 0
        self._untold, self._tell_next = 0, 0.0
        self.failure: BaseException | None = None

    def stop(self) -> None:
        """Ends it, whatever is pending; returns when it has ended."""
        self._stopping.set()
        self._spool.wake()
        self.join()

    def run(self) -> None:
        """The thread."""
        try:
            while not self._stopping.is_set():
                self._turn()
        except BaseException as error:
            self.failure = error
            self._say(f"shipping stopped: {error!r}")
            raise

    def _turn(self) -> None:
        self._spool.tend()
        more = self._more()
        if not self._stretch:
            self._reach.idle()
            self.producer.serve(0)
            self._spool.wait_for(self._wanted, _IDLE)
            return
        if self.producer.pending and not more:
            if self._full():
                self.producer.flush(_ANSWERS)
            else:
                self.producer.serve(_ANSWERS)
        if self.producer.pending:
            self._reach.look()
        elif not self.producer.failed and not self.producer.fatal:
            self._done()
        else:
            self._again()

    def _wanted(self) -> bool:
        return self._stopping.is_set() or self._spool.stock.given < self._spool.stock.released

    def _full(self) -> bool:
        records, size = self._held
        return records >= self._limits[0] or size >= self._limits[1] or time.monotonic() - self._since >= STRETCH

    def _more(self) -> bool:
        """Sends what may be added; gives whether there was something."""
        if self._stretch and (self._full() or self.producer.failed):
            return False
        records, size = self._held
        taken = self._spool.take(self._limits[0] - records, self._limits[1] - size)
        if not taken:
            return False
        if not self._stretch:
            self._since = time.monotonic()
        self._send(taken)
        self._stretch += taken
        self._held = records + sum(block.records for block in taken), size + sum(block.size for block in taken)
        return True

    def _send(self, blocks: list[Block]) -> None:
        self.producer.send(blocks)
        self.given += sum(block.records for block in blocks)

    def _done(self) -> None:
        """All of the stretch is delivered, or refused for good."""
        refused = self.producer.refused
        if refused:
            try:
                self._dead_letters.write(refused)
            except OSError as error:
                self._reach.error(FAILED, f"{self._dead_letters.path} cannot be written: {error.strerror}")
                self._reach.look()
                self._stopping.wait(_AGAIN)
                return
            self._tell(refused)
        self.producer.again()
        self.dead += len(refused)
        self._spool.acknowledge()
        self._stretch, self._held = [], (0, 0)
        self._reach.progress()

    def _tell(self, refused: Sequence[Refusal]) -> None:
        """A line about dead letters, once a minute at most."""
        self._untold += len(refused)
        if time.monotonic() >= self._tell_next:
            last = refused[-1]
            self._say(
                f"refused for good: {self._untold} {'record' if self._untold == 1 else 'records'}, the last one on topic"
                f" {last.topic}: {last.reason}; see {self._dead_letters.path}"
            )
            self._untold, self._tell_next = 0, time.monotonic() + _MINUTE

    def _again(self) -> None:
        """Sends the stretch once more, by another producer if this one gave up. It holds nothing of it any more."""
        self._reach.error(FAILED, self.producer.failed)
        if self.producer.fatal:
            self._say(f"the producer gave up: {self.producer.failed}; another one takes its place")
            try:
                successor = self._connect()
            except VigilogError as error:
                self._reach.error(FAILED, str(error))
                self._reach.look()
                self._stopping.wait(_AGAIN)
                return
            self.producer.close()
            self.producer = successor
        else:
            self._reach.look()
            self._stopping.wait(_AGAIN)
        self.producer.again()
        if not self._stopping.is_set():
            self.repeated += self._held[0]
            self._send(self._stretch)
