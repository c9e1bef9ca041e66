"""Facts in the words of Elastic's Common Schema (8.11), as nested objects.

What it has no name for stands under `vigilog`, fields of lines under `labels`. Times are ISO 8601 in UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from ipaddress import ip_address

from vigilog import __version__
from vigilog.shipping.facts import Fact, What

VERSION = {"version": "8.11.0"}
OBSERVER = {"product": "vigilog", "type": "ids", "version": __version__}
EVENTS: dict[What, Mapping[str, object]] = {
    "line": {"kind": "event"},
    "event": {"kind": "event", "category": ["intrusion_detection"], "type": ["info"]},
    "alert": {"kind": "alert", "category": ["intrusion_detection"], "type": ["info"]},
    "outcome": {"kind": "event", "category": ["intrusion_detection"], "type": ["info"]},
    "ban": {"kind": "event", "category": ["network"], "type": ["denied"], "action": "ban"},
    "unban": {"kind": "event", "category": ["network"], "type": ["allowed"], "action": "unban"},
    "block": {"kind": "event", "category": ["process"], "type": ["info"]},
}
PLACES = {
    "user": ("user", "name"),
    "port": ("source", "port"),
    "source_port": ("source", "port"),
    "pid": ("process", "pid"),
    "protocol": ("network", "protocol"),
    "service": ("service", "name"),
}
NUMBERS = {"port", "source_port", "pid"}
ADDRESSES = {"address", "ip"}


def moment(seconds: float) -> str:
    """Seconds since the epoch in UTC, to the microsecond."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def told(fact: Fact, host: str, moment: Callable[[float], str] = moment) -> dict[str, object]:
    """A fact as a document; `host` is this host's name."""
    event: dict[str, object] = {**EVENTS[fact.what], "created": moment(fact.observed), "module": "vigilog"}
    event["dataset"] = f"vigilog.{fact.what}"
    if fact.what == "outcome":
        event |= {"outcome": "failure" if fact.failed else "success", "action": fact.more["action"], "reason": fact.text}
    record: dict[str, object] = {
        "@timestamp": moment(fact.time),
        "ecs": VERSION,
        "message": fact.text,
        "event": event,
        "host": {"name": host},
        "observer": OBSERVER,
    }
    kind, colon, path = fact.source.partition(":/")
    if colon and kind in {"file", "blackbox", "ledger"}:
        record["log"] = {"file": {"path": f"/{path}"}}
    if fact.trigger:
        record["rule"] = {"name": fact.trigger, **({"category": fact.kind} if fact.kind else {})}
    placed(record, fact.fields)
    more: dict[str, object] = {"source": fact.source} if fact.source else {}
    if fact.kind and not fact.trigger:
        more["kind"] = fact.kind
    more |= fact.more
    return {**record, "vigilog": more} if more else record


def placed(record: dict[str, object], fields: Mapping[str, str]) -> None:
    """Puts the fields of a line where the schema has them."""
    for name, value in fields.items():
        if name in ADDRESSES:
            inside(record, "source")["address"] = value
            if is_address(value):
                inside(record, "source")["ip"] = value
        elif name in PLACES:
            group, key = PLACES[name]
            inside(record, group)[key] = int(value) if name in NUMBERS and value.isdecimal() else value
        else:
            inside(record, "labels")[name] = value


def inside(record: dict[str, object], group: str) -> dict[str, object]:
    """The object of a document that is called so, made where it is not there."""
    found = record.setdefault(group, {})
    assert isinstance(found, dict)
    return found


def is_address(value: str) -> bool:
    """Whether a text is an address of the internet protocol."""
    try:
        ip_address(value)
    except ValueError:
        return False
    return True
