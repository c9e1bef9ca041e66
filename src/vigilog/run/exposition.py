"""The daemon's status as Prometheus reads it: text format 0.0.4 (prometheus.io, "Exposition formats")."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple

from vigilog.run.status import ActionStatus, ShipStatus, SourceStatus, Status, TriggerStatus

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Sample = tuple[dict[str, str], float | None]
"""Labels and a value; None: not known, so that there is no such line."""


class Metric(NamedTuple):
    """A name, what it is, what it means, and how it is found in a status."""

    name: str
    type: Literal["counter", "gauge"]
    help: str
    samples: Callable[[Status], Iterable[Sample]]


def rendered(status: Status) -> bytes:
    """All metrics of the status, in UTF-8. Bytes that were not UTF-8 in a name become U+FFFD."""
    lines = (line for metric in METRICS for line in _lines(metric, status))
    return "".join(lines).encode("utf-8", "surrogateescape").decode("utf-8", "replace").encode()


def _lines(metric: Metric, status: Status) -> Iterator[str]:
    known = [(labels, value) for labels, value in metric.samples(status) if value is not None]
    if known:
        yield f"# HELP {metric.name} {metric.help}\n# TYPE {metric.name} {metric.type}\n"
    for labels, value in known:
        inside = ",".join(f'{name}="{escaped(text)}"' for name, text in labels.items())
        yield f"{metric.name}{f'{{{inside}}}' if inside else ''} {value!r}\n"


def escaped(text: str) -> str:
    """A label's value: backslash, quote and newline are escaped, and nothing else."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _one(value: Callable[[Status], float | None]) -> Callable[[Status], Iterable[Sample]]:
    return lambda status: [({}, value(status))]


def _sources(value: Callable[[SourceStatus], float | None]) -> Callable[[Status], Iterable[Sample]]:
    return lambda status: [({"source": each.name}, value(each)) for each in status.sources]


def _triggers(value: Callable[[TriggerStatus], float]) -> Callable[[Status], Iterable[Sample]]:
    return lambda status: [({"trigger": each.name}, value(each)) for each in status.triggers]


def _actions(value: Callable[[ActionStatus], float]) -> Callable[[Status], Iterable[Sample]]:
    return lambda status: [({"action": each.name, "type": each.type}, value(each)) for each in status.actions]


def _shipped(value: Callable[[ShipStatus], float | None]) -> Callable[[Status], Iterable[Sample]]:
    return lambda status: [({}, value(status.ship))] if status.ship else []


METRICS = (
    Metric("vigilog_info", "gauge", "Always 1; the labels tell what runs.", lambda status: [(_build(status), 1)]),
    Metric(
        "vigilog_start_time_seconds",
        "gauge",
        "When the daemon was started (epoch).",
        _one(lambda s: s.started),
    ),
    Metric("vigilog_resident_memory_bytes", "gauge", "Resident memory of the main process.", _one(lambda s: s.memory)),
    Metric("vigilog_cpu_seconds_total", "counter", "Processor time of the main process.", _one(lambda s: s.cpu_seconds)),
    Metric("vigilog_source_lines_total", "counter", "Lines read.", _sources(lambda s: s.lines)),
    Metric("vigilog_source_bytes_total", "counter", "Bytes read.", _sources(lambda s: s.bytes)),
    Metric("vigilog_source_behind_bytes", "gauge", "Bytes that are there and were not read.", _sources(lambda s: s.behind)),
    Metric(
        "vigilog_source_last_line_timestamp_seconds",
        "gauge",
        "When the last line arrived (epoch).",
        _sources(lambda s: s.last_line),
    ),
    Metric("vigilog_trigger_events_total", "counter", "Lines that the trigger matched.", _triggers(lambda t: t.events)),
    Metric("vigilog_trigger_alerts_total", "counter", "Thresholds that were crossed.", _triggers(lambda t: t.alerts)),
    Metric("vigilog_trigger_keys", "gauge", "Keys that are being counted.", _triggers(lambda t: t.keys)),
    Metric(
        "vigilog_trigger_dropped_keys_total", "counter", "Keys that were dropped to make room.", _triggers(lambda t: t.dropped)
    ),
    Metric("vigilog_action_waiting", "gauge", "Orders that wait for the action.", _actions(lambda a: a.waiting)),
    Metric("vigilog_action_done_total", "counter", "Orders that were carried out.", _actions(lambda a: a.done)),
    Metric("vigilog_action_failed_total", "counter", "Orders that were not.", _actions(lambda a: a.failed)),
    Metric(
        "vigilog_ship_offered_total",
        "counter",
        "Records to be shipped.",
        lambda s: [({"topic": topic}, number) for topic, number in (s.ship.topics if s.ship else {}).items()],
    ),
    Metric("vigilog_ship_sent_total", "counter", "Records sent, repetitions included.", _shipped(lambda s: s.sent)),
    Metric("vigilog_ship_acknowledged_total", "counter", "Records acknowledged.", _shipped(lambda s: s.acknowledged)),
    Metric("vigilog_ship_dead_letters_total", "counter", "Records refused for good.", _shipped(lambda s: s.dead)),
    Metric("vigilog_ship_dropped_total", "counter", "Records thrown away from a full spool.", _shipped(lambda s: s.dropped)),
    Metric("vigilog_ship_damaged_total", "counter", "Records that were damaged in the spool.", _shipped(lambda s: s.damaged)),
    Metric("vigilog_ship_repeated_total", "counter", "Records that may be there twice.", _shipped(lambda s: s.repeated)),
    Metric("vigilog_ship_errors_total", "counter", "Errors of brokers, or of the disk.", _shipped(lambda s: s.errors)),
    Metric("vigilog_ship_waiting", "gauge", "Records that are not acknowledged.", _shipped(lambda s: s.waiting)),
    Metric("vigilog_ship_spooled", "gauge", "Records in the spool.", _shipped(lambda s: s.spooled)),
    Metric("vigilog_ship_spooled_bytes", "gauge", "What they take there.", _shipped(lambda s: s.spooled_bytes)),
    Metric(
        "vigilog_ship_away_since_timestamp_seconds",
        "gauge",
        "Since when no broker can be reached (epoch); not there while one can.",
        _shipped(lambda s: s.away_since),
    ),
    Metric("vigilog_bans", "gauge", "Bans in force.", _one(lambda s: s.bans)),
    Metric("vigilog_reloads_total", "counter", "Reloads, successful or not.", _one(lambda s: s.reloads)),
    Metric(
        "vigilog_last_reload_successful",
        "gauge",
        "Whether the last reload took the new configuration.",
        _one(lambda s: int(not s.reload.errors) if s.reload else None),
    ),
    Metric(
        "vigilog_last_reload_timestamp_seconds",
        "gauge",
        "When the last reload was (epoch).",
        _one(lambda s: s.reload.time if s.reload else None),
    ),
    Metric("vigilog_notices_total", "counter", "Notices about Vigilog's own work.", _one(lambda s: s.notices_total)),
)


def _build(status: Status) -> dict[str, str]:
    return {"version": status.version, "dry_run": str(status.dry_run).lower()}
