"""What a shipper is told by the configuration, whichever file or command line that came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from vigilog.core.nouns import Place

WhenFull = Literal["wait", "drop-oldest"]
"""What becomes of records that find no room: their source is not read any further, or the oldest ones make room."""

SIZE = 1 << 30
"""How many bytes a spool takes at most, where nothing is said."""
SMALLEST = 1 << 20
"""The smallest bound that a spool can keep to."""


class Property(NamedTuple):
    """A property of librdkafka as somebody wrote it, and where."""

    name: str
    value: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """Which brokers, and how they are spoken to.

    `brokers` are words as people write them: `host`, `host:port`, `[v6]:port`, a bare IPv6 address, each with or without
    `PLAINTEXT://`, `SSL://`, `SASL_PLAINTEXT://` or `SASL_SSL://` in front (any case); several in a word may be parted by
    commas. `place` is where they are written. `properties` go to librdkafka as they are, the last one of a name counts.
    """

    brokers: Sequence[str]
    properties: Sequence[Property] = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class SpoolSettings:
    """Where records wait that no broker has acknowledged. One process at a time uses a directory.

    `size` is in bytes, and bounds what waits, in memory and on the disk together. `dead_letters` is the file for records that
    brokers refuse for good ('': `dead-letters` in the directory). What nobody has acknowledged `write_after` seconds after it
    was offered is written to the disk without being asked for, and so is what takes too much memory. None: nothing is but by
    `settle`, and no more than 32 MiB are taken that are not on the disk; for who can read his source again, and would rather
    wait for brokers than have it all on the disk.
    """

    directory: str
    size: int = SIZE
    when_full: WhenFull = "wait"
    dead_letters: str = ""
    write_after: float | None = 1.0
