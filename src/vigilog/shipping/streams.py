"""What the streams of a configuration ship: lines, events, alerts, outcomes and bans become records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from vigilog.config.settings import Settings
from vigilog.config.ship_settings import Stream
from vigilog.core.nouns import Alert, Outcome
from vigilog.detect.triggers import Occurrence, TriggerSet, live
from vigilog.fleet.messages import key_of
from vigilog.patterns.logformat_choice import chosen
from vigilog.ship.record import Record
from vigilog.shipping.facts import Fact, of_alert, of_ban, of_block, of_lift, of_outcome, text, told
from vigilog.shipping.files_lines import Piece, Records
from vigilog.shipping.schemas import encoded
from vigilog.store.bans import Banned, Lifted

BLACK_BOX = "blackbox:"


class Block(NamedTuple):
    """Many records of one topic, with a key for each, or with none."""

    topic: str
    values: Sequence[bytes]
    keys: Sequence[bytes | None] | None


def topic_of(stream: Stream) -> str:
    """Where a stream goes."""
    return stream.topic or f"vigilog-{stream.what}"


class Lines:
    """A stream of lines. `name_of` gives the name of a source that the configuration writes so; `host` is this host's name."""

    def __init__(self, stream: Stream, host: str, schema: str, name_of: Callable[[str], str]) -> None:
        self._topic = topic_of(stream)
        self._sources = frozenset(map(name_of, stream.sources))
        template = chosen(stream.format, stream.language) if stream.format else None
        self._records = Records(template, stream.key or None, host, schema, apart=False)

    def of(self, source: str, lines: bytes, arrived: float) -> Iterator[Block]:
        """The records of whole lines that arrived at a moment (seconds since the epoch)."""
        if lines and (not self._sources or source in self._sources):
            made = self._records(Piece(source, lines, arrived))
            yield Block(self._topic, made.values, made.keys)


class Streams:
    """All streams of `settings` but the fleet's. `host` is this host's name, `name_of` as in `Lines`."""

    def __init__(self, settings: Settings, host: str, name_of: Callable[[str], str]) -> None:
        self._host, self._schema = host, settings.ship.schema
        self.lines = tuple(Lines(each, host, self._schema, name_of) for each in settings.streams if each.what == "lines")
        self._of = {what: [each for each in settings.streams if each.what == what] for what in ("alerts", "outcomes", "bans")}
        self._blocks = [topic_of(each) for each in settings.streams if each.what == "blocks"]
        self.events = tuple(each for each in settings.streams if each.what == "events")
        self._name_of = name_of

    def lines_of(self, source: str, lines: bytes, arrived: float) -> Iterator[Block]:
        """The records of whole lines of a source, and those of the blocks in a black box's file."""
        for stream in self.lines:
            yield from stream.of(source, lines, arrived)
        if self._blocks and source.startswith(BLACK_BOX):
            time = live(arrived)
            key = source.encode("utf-8", "surrogateescape")
            records = [line for line in lines.split(b"\n") if line]
            values = [self._encoded(of_block(text(line), source, time(line), arrived)) for line in records]
            for topic in self._blocks if values else ():
                yield Block(topic, values, [key] * len(values))

    def alerts(self, alerts: Iterable[Alert], now: float) -> Iterator[Record]:
        """The records of alerts, keyed by what was counted."""
        for stream in self._of["alerts"]:
            for alert in alerts:
                if not stream.triggers or alert.rule in stream.triggers:
                    yield Record(topic_of(stream), counted(alert.key), self._encoded(of_alert(alert, now)))

    def outcomes(self, outcomes: Iterable[Outcome], now: float) -> Iterator[Record]:
        """The records of outcomes, keyed as their alerts."""
        for stream in self._of["outcomes"]:
            for outcome in outcomes:
                alert = outcome.order.alert
                if not stream.triggers or alert.rule in stream.triggers:
                    yield Record(topic_of(stream), counted(alert.key), self._encoded(of_outcome(outcome, now)))

    def changes(self, changes: Iterable[object], now: float) -> Iterator[Record]:
        """The records of bans that begin, and of those that are lifted, keyed by whom they are about."""
        for stream in self._of["bans"]:
            for change in changes:
                if isinstance(change, Banned):
                    yield Record(topic_of(stream), change.target.encode(), self._encoded(of_ban(change, now)))
                elif isinstance(change, Lifted):
                    whom = change.targets[0].encode() if change.targets and len(change.targets) == 1 else None
                    yield Record(topic_of(stream), whom, self._encoded(of_lift(change, now)))

    def takers(self, triggers: TriggerSet) -> dict[int, list[Taker]]:
        """For each trigger (its place in `triggers`) what makes records of its events."""
        found: dict[int, list[Taker]] = {}
        for stream in self.events:
            sources = frozenset(map(self._name_of, stream.sources))
            for place, trigger in enumerate(triggers.triggers):
                if not stream.triggers or trigger.name in stream.triggers:
                    found.setdefault(place, []).append(self._taker(stream, sources, triggers))
        return found

    def _taker(self, stream: Stream, sources: frozenset[str], triggers: TriggerSet) -> Taker:
        topic, wanted = topic_of(stream), stream.key

        def take(source: str, arrived: float, occurrence: Occurrence) -> Iterator[Record]:
            number, clears, key, time, line, _ = occurrence
            if clears or (sources and source not in sources):
                return
            fields = fields_of(triggers, occurrence)
            trigger = triggers.triggers[number]
            fact = Fact("event", time, arrived, text(line), source, trigger.name, trigger.kind, fields)
            by = fields.get(wanted, "").encode("utf-8", "surrogateescape") if wanted else key_of(key)
            yield Record(topic, by or None, self._encoded(fact))

        return take

    def _encoded(self, fact: Fact) -> bytes:
        return encoded(fact, self._host, self._schema)


Taker = Callable[[str, float, Occurrence], Iterator[Record]]
"""Makes records of an occurrence: the source's name, when the line arrived (seconds since the epoch), and the occurrence."""


def fields_of(triggers: TriggerSet, occurrence: Occurrence) -> dict[str, str]:
    """All fields of an occurrence; those of the key, too, where the line itself does not have them."""
    number, _, key, _, line, rule = occurrence
    fields = {name: text(value) for name, value in zip(triggers.key_names(number), key, strict=False) if value}
    found = triggers.fields(number, rule, triggers.captures(rule, line))
    return fields | {name: told(value) for name, value in found.items()}


def counted(key: Sequence[str]) -> bytes:
    """Kafka's key for the values that are counted together."""
    return key_of([value.encode("utf-8", "surrogateescape") for value in key])
