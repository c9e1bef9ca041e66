"""What a worker counts of its own work, and how Prometheus reads it."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from dataclasses import dataclass, field

from vigilog.run.exposition import escaped

PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(slots=True)
class Tally:
    """What a trigger has come to since the worker started: events that were counted, those that came a second time or too late,
    and alerts."""

    events: int = 0
    again: int = 0
    late: int = 0
    alerts: int = 0


@dataclass(slots=True)
class Figures:
    """Everything since the start. `lag` is by partition: how many messages lie there that were not read. `unknown` are messages
    of triggers that this configuration does not have, `unreadable` those that are none, `forgiven` those by which
    somebody was let in."""

    triggers: dict[str, Tally]
    started: float
    unknown: int = 0
    unreadable: int = 0
    decisions: int = 0
    spared: int = 0
    forgiven: int = 0
    partitions: tuple[int, ...] = ()
    lag: dict[int, int] = field(default_factory=dict)
    state_bytes: int = 0

    @property
    def seen(self) -> int:
        """All messages."""
        counted = sum(each.events + each.again + each.late for each in self.triggers.values())
        return counted + self.unknown + self.unreadable + self.forgiven


def memory() -> int:
    """The resident memory of this process, in bytes; 0 where /proc does not say."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * PAGE
    except (OSError, IndexError, ValueError):
        return 0


def on_disk(directory: str) -> int:
    """The bytes of all files below a directory; what vanishes meanwhile does not count."""
    total = 0
    for base, _, names in os.walk(directory):
        for name in names:
            try:
                total += os.lstat(os.path.join(base, name)).st_blocks * 512
            except FileNotFoundError:
                continue
    return total


def rendered(figures: Figures) -> bytes:
    """All metrics in Prometheus' text format 0.0.4."""
    return "".join(_lines(figures)).encode("utf-8", "replace")


def _lines(figures: Figures) -> Iterator[str]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    single = (
        ("start_time_seconds", "gauge", "When the worker was started (epoch).", figures.started),
        ("resident_memory_bytes", "gauge", "Resident memory of the worker.", memory()),
        ("cpu_seconds_total", "counter", "Processor time of the worker.", used.ru_utime + used.ru_stime),
        ("state_bytes", "gauge", "Disk that the worker's copy of the state takes.", figures.state_bytes),
        ("partitions", "gauge", "Partitions that the worker has.", len(figures.partitions)),
        ("decisions_total", "counter", "Bans that were decided.", figures.decisions),
        ("spared_total", "counter", "Alerts of a trigger that bans, and nobody was banned.", figures.spared),
        ("forgiven_total", "counter", "Keys that were let in by hand.", figures.forgiven),
        ("unknown_total", "counter", "Messages of triggers that this worker does not know.", figures.unknown),
        ("unreadable_total", "counter", "Messages that are no event of a host.", figures.unreadable),
    )
    for name, kind, text, value in single:
        yield _head(name, kind, text)
        yield f"vigilog_fleet_{name} {value!r}\n"
    yield _head("lag", "gauge", "Messages of a partition that wait.")
    for partition, lag in sorted(figures.lag.items()):
        yield f'vigilog_fleet_lag{{partition="{partition}"}} {lag}\n'
    by_trigger = (
        ("events_total", "Events that were counted.", "events"),
        ("again_total", "Events that had come before.", "again"),
        ("late_total", "Events that came too late.", "late"),
        ("alerts_total", "Thresholds that were crossed.", "alerts"),
    )
    for name, text, attribute in by_trigger:
        yield _head(name, "counter", text)
        for trigger, tally in figures.triggers.items():
            yield f'vigilog_fleet_{name}{{trigger="{escaped(trigger)}"}} {getattr(tally, attribute)}\n'


def _head(name: str, kind: str, text: str) -> str:
    return f"# HELP vigilog_fleet_{name} {text}\n# TYPE vigilog_fleet_{name} {kind}\n"
