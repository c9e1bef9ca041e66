"""What a shipper says about its work."""

from __future__ import annotations

from typing import NamedTuple


class Counts(NamedTuple):
    """Counters since the start of the process (the first eight), and how things stand now. Records, where nothing else is said.

    offered: taken by `offer`. given: handed to librdkafka, repetitions included. acknowledged: by a broker, or written by a
    target that is no broker. dead: refused for good, and put into the dead-letter file. dropped: thrown away, because the
    spool was full and is `drop-oldest`. damaged: lost in the spool by bits that changed on the disk (at least so many).
    repeated: may be on the topic twice, because the process or the producer died before it knew of their acknowledgement.
    errors: reported by librdkafka or by the disk, each one counted, not each one logged.

    waiting: offered and not yet acknowledged. spooled: those of them that are on the disk. spooled_bytes: what they take there.
    away_since: since when no broker can be reached, in seconds since the epoch; None: nothing says so. trouble: the latest
    error in one line while there is one, '' otherwise.
    """

    offered: int = 0
    given: int = 0
    acknowledged: int = 0
    dead: int = 0
    dropped: int = 0
    damaged: int = 0
    repeated: int = 0
    errors: int = 0
    waiting: int = 0
    spooled: int = 0
    spooled_bytes: int = 0
    away_since: float | None = None
    trouble: str = ""


class Ending(NamedTuple):
    """What became of all that was offered, when `close` came back. `left` are in the spool, and are sent by the next start;
    `lost` could neither be sent nor written to the disk. `counts` are the last ones."""

    acknowledged: int
    dead: int
    dropped: int
    left: int
    lost: int
    counts: Counts

    @property
    def complete(self) -> bool:
        """Whether nothing waits and nothing is lost."""
        return not self.left and not self.lost

    def __str__(self) -> str:
        parts = [f"{self.acknowledged} acknowledged"]
        for number, what in (
            (self.left, "left in the spool"),
            (self.dead, "in the dead-letter file"),
            (self.dropped, "dropped"),
            (self.lost, "LOST"),
        ):
            if number:
                parts.append(f"{number} {what}")
        return ", ".join(parts)
