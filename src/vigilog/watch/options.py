"""What every kind of source must be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from vigilog.core.clock import Clock

First = Literal["all", "today", "none"]


@dataclass(frozen=True, slots=True)
class Kafka:
    """How Kafka is reached: librdkafka's `properties`, the brokers among them (none: it is not). `group` is the usual consumer
    group of what is followed; `member` (letters, digits, `.`, `-`, `_`) names this process in it, also after a restart, so that
    it gets its partitions back at once. A `trial` reads beside the group, and leaves no trace in it."""

    properties: Mapping[str, str] = field(default_factory=dict)
    group: str = "vigilog-run"
    member: str = ""
    trial: bool = False


@dataclass(frozen=True, slots=True)
class Options:
    """How sources are read.

    `clock` gives the present time. `first` says what is read of a source that has no position yet: all of the present log
    (not of its rotated files), what was stamped today, or nothing. With `partial_lines` a last line without its newline is
    read at once, as logtail does, and its rest comes later as a line of its own. `takeover` are directories in which
    logcheck may have left its offset files: they count when there is no position, and so does LOG.offset beside the log; with
    None nothing of the kind counts. `kafka` says how that is reached.
    """

    clock: Clock
    first: First = "all"
    partial_lines: bool = False
    takeover: tuple[str, ...] | None = ()
    kafka: Kafka = field(default_factory=Kafka)
