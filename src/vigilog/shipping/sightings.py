"""What triggers of the fleet find on this host, told to the fleet: an occurrence becomes a message on the topic of events."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from vigilog.detect.triggers import Occurrence, TriggerSet
from vigilog.fleet.messages import BETWEEN, Sighted, encoded, key_of, text
from vigilog.ship.record import Record
from vigilog.shipping.streams import Taker, fields_of

LINE = 16 * 1024
"""So many bytes of a line are told: brokers refuse large messages, and nobody shall get out of the count by a long line."""


def taker(triggers: TriggerSet, topic: str, host: str, next_one: Callable[[], tuple[str, int]]) -> Taker:
    """What makes messages of occurrences; `next_one` gives the spool's origin, and the number that the next record will have
    in it."""

    def take(source: str, arrived: float, occurrence: Occurrence) -> Iterator[Record]:
        place, clears, key, time, line, _ = occurrence
        origin, number = next_one()
        message = Sighted(
            trigger=triggers.triggers[place].name,
            key=tuple(map(text, key)),
            time=time,
            arrived=arrived,
            host=host,
            source=text(source.encode("utf-8", "surrogateescape")),
            line=text(line[:LINE]),
            fields=fields_of(triggers, occurrence),
            origin=origin,
            number=number,
            clears=clears,
        )
        yield Record(topic, key_of(key) or BETWEEN, encoded(message))  # records without a key are spread over all partitions

    return take
