"""Records → Kafka, whatever the brokers do: the one door of this room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType

from vigilog.core.clock import Clock, wall
from vigilog.core.errors import StoreError
from vigilog.ship.counts import Counts, Ending
from vigilog.ship.record import Record
from vigilog.ship.settings import Connection, SpoolSettings


class SpoolFull(StoreError):
    """There is no room for more records: do not read on, `settle`, and offer them again."""


class Shipper:
    """Takes records, and sees to it that each one is acknowledged by a broker, waits on the disk, or is a dead letter.

    A thread of its own sends; `offer`, `release`, `room` and `counts` never wait for a broker or for the disk. All methods may be
    called from any thread. What is offered is numbered 1, 2, 3 ... for ever, over restarts, by the spool.

    `say` gets one line for the administrator about whatever he must know (brokers away, brokers back, dead letters), never one
    for each record; it is called from another thread. With `hold` nothing is sent before `release` allows it. `committed` is for
    who reads a source that can be read again, and keeps the number of the last record with his position: what lies in the
    spool behind that number is forgotten, since it will be offered again (with the same numbers, if nothing else changed).

    Use it in a `with`, or call `close`. Raises ConfigurationError (with the place of the property or broker that is wrong),
    StoreError (the spool's directory), AlreadyRunning (another process uses it) and MissingExtra, at once and in this order:
    nothing is created before the configuration is right.
    """

    def __init__(
        self,
        connection: Connection,
        spool: SpoolSettings,
        *,
        say: Callable[[str], None],
        clock: Clock = wall,
        hold: bool = False,
        committed: int | None = None,
    ) -> None:
        raise NotImplementedError

    @property
    def origin(self) -> str:
        """The spool's random name (16 hexadecimal digits); with a record's number it names the record in all the world."""
        raise NotImplementedError

    @property
    def next_number(self) -> int:
        """The number that the next record offered will have."""
        raise NotImplementedError

    def offer(self, records: Sequence[Record]) -> int:
        """Takes records; gives the number of the last one. Records of one topic and key arrive in the order offered.

        Raises SpoolFull (`when_full = "wait"` only; then nothing of `records` was taken).
        """
        raise NotImplementedError

    def offer_values(self, topic: str, values: Sequence[bytes], keys: Sequence[bytes | None] | None = None) -> int:
        """The same for many records of one topic, without an object for each; `keys`, if given, one for each of `values`.
        Neither sequence may be changed afterwards."""
        raise NotImplementedError

    def release(self, number: int) -> None:
        """With `hold`: all up to `number` may be sent."""
        raise NotImplementedError

    def settle(self, seconds: float = 0.0) -> bool:
        """Whether all that was offered so far is safe: acknowledged, a dead letter, or on the disk and synced.

        Waits up to `seconds` for acknowledgements, and writes to the disk what has none by then. False: the disk does not
        take it (full); keep the position where it is, and ask again.
        """
        raise NotImplementedError

    def room(self) -> int:
        """How many bytes may be offered before the spool is full; 0 with `when_full = "wait"`: do not read on. Always
        positive with `drop-oldest`."""
        raise NotImplementedError

    @property
    def counts(self) -> Counts:
        """For status and metrics."""
        raise NotImplementedError

    def close(self, seconds: float) -> Ending:
        """Waits up to `seconds` for acknowledgements, writes the rest to the disk, and ends the thread. What is not released stays
        in the spool. A second call gives the same answer at once."""
        raise NotImplementedError

    def __enter__(self) -> Shipper:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close(0)
