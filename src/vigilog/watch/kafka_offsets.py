"""How far topics in Kafka were read: the next offset of each partition, in a Position and out of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from vigilog.core.errors import SourceError
from vigilog.core.nouns import Position

_KEY = re.compile(r"([A-Za-z0-9._-]{1,249})/([0-9]{1,10})", re.ASCII)


class Partition(NamedTuple):
    """A part of a topic, which has offsets of its own."""

    topic: str
    number: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.number}"


Offsets = Mapping[Partition, int]
"""For each partition the offset of the record that is to be read next."""


def offsets(position: Position) -> dict[Partition, int]:
    """What a stored position says. Raises SourceError if it is none of Kafka."""
    found: dict[Partition, int] = {}
    for key, offset in position.state.items():
        partition = _KEY.fullmatch(key)
        if partition is None or not isinstance(offset, int) or isinstance(offset, bool) or offset < 0:
            raise SourceError(
                f"the stored position of {position.source} has {key} = {offset!r}",
                expected="TOPIC/PARTITION and an offset",
                remedy="remove the position to read the topics as if for the first time",
            )
        found[Partition(partition[1], int(partition[2]))] = offset
    return found


def position(source: str, reached: Offsets) -> Position:
    """A position of a source."""
    return Position(source, {str(partition): offset for partition, offset in reached.items()})


def start(partition: Partition, own: Offsets, committed: Offsets) -> int | None:
    """Where the reading of a partition goes on: behind whatever this host or its group has counted; None: nobody has read it.

    A partition that another member of the group had meanwhile was read further by that one; and what this host stored last
    the group may not have heard of.
    """
    known = [each[partition] for each in (own, committed) if partition in each]
    return max(known, default=None)
