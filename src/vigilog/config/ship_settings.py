"""What a configuration can say about shipping: where it goes, what is kept while nobody takes it, and what is shipped."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from vigilog.config.run_settings import Duration
from vigilog.config.table import Table

What = Literal["lines", "events", "alerts", "outcomes", "bans", "blocks"]
Schema = Literal["otel", "ecs"]
WhenFull = Literal["wait", "drop-oldest"]
LineFormat = Literal["logformat", "logformat-apache", "logformat-proftpd"]


class Ship(Table, frozen=True):
    """`[ship]`: where `vigilog run` sends what `[[ship.stream]]` and triggers of the fleet name, and what is kept on disk while
    nobody takes it."""

    to: str = "kafka"
    """kafka; stdout; or file:PATH, a file that lines of JSON are appended to."""
    brokers: tuple[str, ...] = ("localhost:9092",)
    """kafka: brokers to begin with: HOST, HOST:PORT, [IPV6]:PORT, with ssl:// in front for TLS."""
    schema: Schema = "otel"
    """How fields are called that no LogFormat names: otel as OpenTelemetry's logs have them, ecs as Elastic's Common Schema."""
    spool: str = ""
    """The directory where records wait that were not acknowledged; empty: `spool` in the directory of `[state]`."""
    spool_size: Annotated[int, msgspec.Meta(ge=128)] = 1024
    """How much may wait there, in MiB."""
    when_full: WhenFull = "wait"
    """wait: sources are not read until there is room; drop-oldest: what waits longest is dropped, counted and said."""
    dead_letters: str = ""
    """A file for records that the brokers refuse for good; empty: `dead-letters` in the spool's directory."""
    flush_time: Duration = 10.0
    """How long is waited for acknowledgements at the end; what has none by then stays in the spool for the next start."""


class ShipKafka(Table, frozen=True):
    """`[ship.kafka]`: what is told to librdkafka, the library that talks to Kafka."""

    properties: dict[str, str] = msgspec.field(default_factory=dict)
    """Any of its properties by its own name; as a table of its own it is `[ship.kafka.properties]`."""


class Stream(Table, frozen=True):
    """`[[ship.stream]]`: something that is shipped. Each key but `what` and `topic` says to what it belongs."""

    what: What
    """lines: every line of a source; events: lines that a trigger matched, with their fields; alerts; outcomes of actions;
    bans, and when somebody is let in; blocks of black boxes, out of `blackbox:FILE` among the sources."""
    topic: Annotated[str, msgspec.Meta(max_length=249)] = ""
    """Where it goes; empty: `vigilog-` and `what`, such as vigilog-alerts."""
    sources: tuple[str, ...] = ()
    """lines, events: only of these sources of `[run]`, written as there; empty: of all."""
    triggers: tuple[str, ...] = ()
    """events, alerts, outcomes: only of these triggers; empty: of all."""
    format: str = ""
    """lines: a LogFormat, or the name of a well-known one such as combined: its fields are shipped instead of the line. A line
    that it has not written is shipped as a line."""
    language: LineFormat = "logformat"
    """lines: whose LogFormat it is: ProFTPD's, Apache's, or of whichever knows it."""
    key: str = ""
    """lines with a format, events: the field whose records stay in order; empty: for events the trigger's key, for lines the
    source."""
