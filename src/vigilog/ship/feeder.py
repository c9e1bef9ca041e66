"""The thread that sends: from the spool to the producer, and what is acknowledged back to the spool.

It sends for up to half a second, or so much as a producer may hold, and then until all of it is acknowledged: librdkafka can be
asked cheaply whether anything is left, but not what. If some of it failed for another reason than its own the whole stretch is
sent again, in its order, once the producer holds nothing of it any more. What was refused together is sent again, each record
by itself, by another producer: what is refused then is a dead letter.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from vigilog.core.errors import VigilogError
from vigilog.ship.block import Block
from vigilog.ship.company import Apart, apart
from vigilog.ship.producer import KafkaProducer
from vigilog.ship.rarely import Rarely
from vigilog.ship.reach import FAILED, Reach
from vigilog.ship.refusals import DeadLetters, told
from vigilog.ship.spool import Spool

RECORDS = 100_000
BYTES = 16 << 20
STRETCH = 0.5
"""Seconds after which nothing is added to what must be acknowledged together."""
_ANSWERS = 0.05
_IDLE = 0.5
_AGAIN = 1.0  # seconds between attempts of what failed


class Feeder(threading.Thread):
    """Sends until `stop`. `limits` are how many records and bytes a producer may hold; `connect` makes one, by which each
    record is sent by itself if that is true."""

    def __init__(
        self,
        spool: Spool,
        connect: Callable[[bool], KafkaProducer],
        dead_letters: DeadLetters,
        reach: Reach,
        say: Callable[[str], None],
        limits: tuple[int, int],
    ) -> None:
        super().__init__(name="vigilog-ship", daemon=True)
        self._spool = spool
        self._connect = connect
        self._producers = {False: connect(False)}
        self._dead_letters = dead_letters
        self._reach = reach
        self._say = say
        self._limits = min(RECORDS, limits[0]), min(BYTES, limits[1])
        self._stretch: list[Block] = []
        self._apart: Apart | None = None
        self._held = (0, 0)
        self._since = 0.0
        self._stopping = threading.Event()
        self.given = self.dead = self.repeated = 0
        self._tell_dead, self._tell_apart = Rarely(say), Rarely(say)
        self.failure: BaseException | None = None

    def stop(self) -> None:
        """Ends it, whatever is pending; returns when it has ended, and holds nothing any more."""
        self._stopping.set()
        self._spool.wake()
        self.join()
        for producer in self._producers.values():
            producer.close()

    @property
    def producer(self) -> KafkaProducer:
        """The one that sends now."""
        return self._producers[self._apart is not None]

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
            for producer in self._producers.values():
                producer.serve(0)
            self._spool.wait_for(self._wanted, _IDLE)
            return
        before = self.producer.pending
        if before and not more:
            (self.producer.flush if self._full() else self.producer.serve)(_ANSWERS)
        if self.producer.pending:
            if self._apart and self.producer.pending < before:
                self._reach.progress()
            self._reach.look()
        elif not self.producer.failed and not self.producer.fatal:
            self._done()
        else:
            self._again()

    def _wanted(self) -> bool:
        return self._stopping.is_set() or self._spool.stock.given < self._spool.stock.released

    def _full(self) -> bool:
        records, size = self._held
        return (
            self._apart is not None
            or records >= self._limits[0]
            or size >= self._limits[1]
            or time.monotonic() - self._since >= STRETCH
        )

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
        """All of the stretch is delivered, or refused."""
        refused = self.producer.refused
        if self._apart is not None:
            refused = [*self._apart.refused, *refused]
        elif found := apart(self._stretch, refused):
            self._send_apart(found)
            return
        if refused:
            try:
                self._dead_letters.write(refused)
            except OSError as error:
                self._pause(f"{self._dead_letters.path} cannot be written: {error.strerror}")
                return
            path = self._dead_letters.path
            self._tell_dead(len(refused), lambda count: f"refused for good: {told(count, refused[-1])}; see {path}")
        if self._apart is not None:
            spared, last = self._apart.again.records - len(self.producer.refused), self._apart.last
            self._tell_apart(spared, lambda count: f"refused together, delivered one at a time: {told(count, last)}")
        self.producer.again()
        self._apart = None
        self.dead += len(refused)
        self._spool.acknowledge()
        self._stretch, self._held = [], (0, 0)
        self._reach.progress()

    def _send_apart(self, found: Apart) -> None:
        """Sends what was refused together once more, each record by itself."""
        if True in self._producers or self._made(True):
            self.producer.again()
            self._apart = found
            self.repeated += found.again.records - found.doubtful
            self._send([found.again])

    def _made(self, alone: bool) -> bool:
        """Whether there is a new producer, in the place of the one before; if not, time has passed."""
        try:
            successor = self._connect(alone)
        except VigilogError as error:
            self._pause(str(error))
            return False
        if alone in self._producers:
            self._producers[alone].close()
        self._producers[alone] = successor
        return True

    def _pause(self, failure: str) -> None:
        self._reach.error(FAILED, failure)
        self._reach.look()
        self._stopping.wait(_AGAIN)

    def _again(self) -> None:
        """Sends once more what failed, by another producer if this one gave up. It holds nothing of it any more."""
        if self.producer.fatal:
            self._reach.error(FAILED, self.producer.failed)
            self._say(f"the producer gave up: {self.producer.failed}; another one takes its place")
            if not self._made(self._apart is not None):
                return
        else:
            self._pause(self.producer.failed)
        self.producer.again()
        if not self._stopping.is_set():
            failed = self._stretch if self._apart is None else [self._apart.again]
            self.repeated += sum(block.records for block in failed)
            self._send(failed)
