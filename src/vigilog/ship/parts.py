"""What a shipper works with: a spool, a thread, and what stands between them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

from vigilog.core.clock import Clock
from vigilog.ship.counts import Counts, Ending
from vigilog.ship.feeder import Feeder
from vigilog.ship.forks import left_behind
from vigilog.ship.producer import KafkaProducer
from vigilog.ship.properties import limits
from vigilog.ship.reach import Reach
from vigilog.ship.refusals import DeadLetters
from vigilog.ship.settings import Connection, SpoolSettings
from vigilog.ship.spool import Spool


class Parts(NamedTuple):
    """`process` is whose they are."""

    process: int
    spool: Spool
    feeder: Feeder
    reach: Reach
    dead_letters: DeadLetters


def begun(
    connection: Connection,
    settings: SpoolSettings,
    *,
    say: Callable[[str], None],
    clock: Clock,
    hold: bool,
    committed: int | None,
) -> Parts:
    """Opens the spool, takes over what children left behind, and starts the thread. Raises what `Shipper` does."""
    spool = Spool(settings, say=say, hold=hold, committed=committed)
    try:
        dead_letters = DeadLetters(settings.dead_letters, clock)
        if not hold and committed is None:
            for found in left_behind(settings.directory, settings.size, say):
                spool.offer(found)
                spool.settle(0)
        reach = Reach(say, clock)

        def connect(alone: bool) -> KafkaProducer:
            return KafkaProducer(connection, reach, say, alone=alone)

        feeder = Feeder(spool, connect, dead_letters, reach, say, limits(connection))
    except BaseException:
        spool.close()
        raise
    feeder.start()
    return Parts(os.getpid(), spool, feeder, reach, dead_letters)


def counts(parts: Parts) -> Counts:
    """How things stand."""
    spool, feeder, reach = parts.spool, parts.feeder, parts.reach
    stock = spool.stock
    spooled, size = spool.spooled
    return Counts(
        offered=stock.offered,
        given=feeder.given,
        acknowledged=max(0, stock.done - feeder.dead),
        dead=feeder.dead,
        dropped=stock.dropped,
        damaged=spool.damaged,
        repeated=stock.repeated + feeder.repeated,
        errors=reach.errors + spool.errors,
        waiting=stock.last - stock.acknowledged,
        spooled=spooled,
        spooled_bytes=size,
        away_since=reach.away_since,
        trouble=reach.reason or spool.trouble,
    )


def ended(parts: Parts, seconds: float) -> Ending:
    """Waits up to so long for acknowledgements, and puts everything away."""
    stock = parts.spool.stock
    parts.spool.wait_for(lambda: stock.acknowledged >= stock.released, seconds)
    parts.feeder.stop()
    last = counts(parts)
    left, lost = parts.spool.close()
    parts.dead_letters.close()
    last = last._replace(waiting=left, spooled=left, errors=parts.reach.errors + parts.spool.errors)
    return Ending(last.acknowledged, last.dead, stock.dropped, left, lost, last)
