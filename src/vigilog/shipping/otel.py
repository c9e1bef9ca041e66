"""Facts in OpenTelemetry's words: a log record of its logs data model (1.55), attributes by its semantic conventions.

What these have no name for stands under `vigilog.`. Timestamps are nanoseconds since the epoch, as text, as OTLP's JSON has
numbers of 64 bits.
"""

from __future__ import annotations

from collections.abc import Callable

from vigilog import __version__
from vigilog.shipping.facts import Fact, What

SCOPE = {"Name": "vigilog", "Version": __version__}
INFO, WARN, ERROR = (9, "INFO"), (13, "WARN"), (17, "ERROR")
SEVERITIES: dict[What, tuple[int, str]] = {
    "event": INFO,
    "alert": WARN,
    "outcome": INFO,
    "ban": INFO,
    "unban": INFO,
    "block": ERROR,
}
"""A line's own severity is not known."""
NAMES = {
    "address": "source.address",
    "ip": "source.address",
    "port": "source.port",
    "source_port": "source.port",
    "user": "user.name",
    "pid": "process.pid",
    "protocol": "network.protocol.name",
}
NUMBERS = {"source.port", "process.pid"}


def moment(seconds: float) -> str:
    """Seconds since the epoch as nanoseconds, of which the microseconds are known."""
    return f"{round(seconds * 1e6)}000"


def told(fact: Fact, host: str, moment: Callable[[float], str] = moment) -> dict[str, object]:
    """A fact as a log record; `host` is this host's name."""
    record: dict[str, object] = {"Timestamp": moment(fact.time), "ObservedTimestamp": moment(fact.observed)}
    severity = ERROR if fact.failed else SEVERITIES.get(fact.what)
    if severity:
        record |= {"SeverityText": severity[1], "SeverityNumber": severity[0]}
    if fact.what != "line":
        record["EventName"] = f"vigilog.{fact.what}"
    record |= {
        "Body": fact.text,
        "Resource": {"host.name": host},
        "InstrumentationScope": SCOPE,
        "Attributes": attributes(fact),
    }
    return record


def attributes(fact: Fact) -> dict[str, object]:
    """What is known besides the text."""
    found: dict[str, object] = {}
    if fact.source:
        found["vigilog.source"] = fact.source
        kind, colon, path = fact.source.partition(":/")
        if colon and kind in {"file", "blackbox", "ledger"}:
            found["log.file.path"] = f"/{path}"
    if fact.trigger:
        found["vigilog.trigger"] = fact.trigger
    if fact.kind:
        found["vigilog.kind"] = fact.kind
    for name, value in fact.fields.items():
        called = NAMES.get(name, f"vigilog.field.{name}")
        found[called] = int(value) if called in NUMBERS and value.isdecimal() else value
    return found | {f"vigilog.{name}": value for name, value in fact.more.items()}
