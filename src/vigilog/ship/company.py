"""What to send again after a broker refused records together, of which perhaps only one is at fault.

Brokers answer for all that came to a partition in one request. Each record of it gets its own answer once it is sent alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from vigilog.ship.block import Block, batches, block, messages
from vigilog.ship.record import Record
from vigilog.ship.refusals import Refusal


class Apart(NamedTuple):
    """What is to be sent once more, each record by itself; how many of it were refused in company, and the last one of them;
    and what else was refused, for good."""

    again: Block
    doubtful: int
    last: Refusal
    refused: tuple[Refusal, ...]


def apart(stretch: Iterable[Block], refused: Sequence[Refusal]) -> Apart | None:
    """What of a stretch is to be sent apart after so much of it was refused; None: nothing.

    Those are the ones that were refused in company, and of a key all that was offered after the first of them: it may have been
    delivered already, and would otherwise lie before what was offered earlier.
    """
    shared = [each for each in refused if each.shared]
    if not shared:
        return None
    doubtful: dict[tuple[str, bytes | None], set[bytes]] = {}
    for each in shared:
        doubtful.setdefault((each.topic, each.key), set()).add(each.value)
    found: list[Record] = []
    begun: set[tuple[str, bytes | None]] = set()
    for whole in stretch:
        for topic, key, value in messages(whole):
            values = doubtful.get((topic, key))
            if values is None:
                continue
            if key and value in values:
                begun.add((topic, key))
            if value in values or (topic, key) in begun:
                found.append(Record(topic, key, value))
    others = tuple([each for each in refused if not each.shared])
    return Apart(block(1, batches(found)), len(shared), shared[-1], others)
