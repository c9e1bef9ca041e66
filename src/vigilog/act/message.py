"""An alert as JSON, for other programs. All of it is ASCII."""

from __future__ import annotations

import base64
import json

from vigilog.core.clock import local
from vigilog.core.nouns import Order

LINE = 16 * 1024
"""So many bytes of a line are told; `cut` says that there were more."""
VALUE = 1024
"""So many characters of a field's value are told."""


def body(order: Order, host: str) -> bytes:
    r"""`order` as one JSON object: host, order, attempt, action, rule, key, time (seconds since the epoch), when (the same as
    ISO 8601), count, source, kind, fields, line, cut.

    Bytes of the line that are not UTF-8 are `\xff` in `line`; `bytes` then has the line in base64. `outcome` tells what another
    action did, if the order is about that.
    """
    alert = order.alert
    event = alert.events[-1] if alert.events else None
    told: dict[str, object] = {
        "host": host,
        "order": order.number,
        "attempt": order.attempt,
        "action": order.action,
        "rule": _text(alert.rule),
        "key": [_text(value) for value in alert.key],
        "time": alert.time,
        "when": local(alert.time).isoformat(),
        "count": alert.count,
    }
    if event is not None:
        line = event.line[:LINE]
        told |= {
            "source": _text(event.source),
            "kind": event.kind,
            "fields": {name: _text(value) for name, value in event.fields.items()},
            "line": line.decode("utf-8", "backslashreplace"),
            "cut": len(event.line) > LINE,
        }
        if not _is_utf8(line):
            told["bytes"] = base64.b64encode(line).decode()
    if order.of is not None:
        told["outcome"] = {"action": order.of.order.action, "done": order.of.done, "reason": _text(order.of.reason)}
    return json.dumps(told).encode()


def _text(value: str) -> str:
    return value[:VALUE].encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
