"""`vigilog ship --follow`: lines shipped as they are written, until it is told to end."""

from __future__ import annotations

import select
import time
from collections.abc import Iterable

from vigilog.core.nouns import Chunk, Notice, Position
from vigilog.core.seams import Source
from vigilog.shipping.files import Journey
from vigilog.shipping.files_lines import Piece
from vigilog.watch.live import Live

BETWEEN_LIVE = 0.5
"""Seconds between two moves of the positions while lines come; standard output and files are written then."""
SETTLING = 0.2
"""So long (seconds) acknowledgements are waited for before what has none goes to the disk, once nothing new comes."""
_WAIT = 1.0
"""Whoever finds no room looks again after so long (seconds)."""


def follow(journey: Journey, live: Live, since: dict[str, Position], signals: int) -> None:
    """Ships what comes, until `signals` (a descriptor) is readable or nothing will come any more: standard input at its end.

    Raises what `files.ship` raises.
    """
    journey.account.positions.update(since)
    poll = select.epoll()
    poll.register(live.fileno(), select.EPOLLIN)
    poll.register(signals, select.EPOLLIN)
    due: float | None = None
    """When the positions are to be moved; None: they are where they should be."""
    try:
        while not (journey.is_stopped() or live.ended):
            full = journey.target.room() <= 0
            wait = _WAIT if full else live.timeout()
            if due is not None:
                wait = min(max(0.0, due - time.monotonic()), BETWEEN_LIVE if wait is None else wait)
            poll.poll(wait)
            if not full and shipped(journey, live.ready()):
                due = due or time.monotonic() + BETWEEN_LIVE
            if due is not None and time.monotonic() >= due:
                journey.commit(journey.mark(), SETTLING)
                due = None
    finally:
        poll.close()
    journey.is_stopped()  # it may have been told so just when its input ended


def shipped(journey: Journey, sources: Iterable[Source]) -> bool:
    """Ships what some sources have for now; gives whether there was anything."""
    anything = False
    for source in sources:
        for item in source.read(journey.account.positions.get(source.name)):
            if isinstance(item, Notice):
                journey.notice(item)
                continue
            if not offered(journey, item):
                return True
            anything = True
    return anything


def offered(journey: Journey, chunk: Chunk) -> bool:
    """Offers a chunk. False: it was told to end meanwhile."""
    return journey.offer(chunk, journey.records(Piece(chunk.source, chunk.data, chunk.arrived))) and not journey.is_stopped()
