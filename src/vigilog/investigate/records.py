"""An investigation for programs: one JSON object, CSV, or Timesketch's JSON lines.

Timesketch (2023 and later) takes one object to a line, of which it wants `message`, `datetime` (ISO 8601) and `timestamp_desc`;
`timestamp` is in microseconds since the epoch. What else is in it becomes attributes of the event.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from vigilog.core.visible import shown, shown_bytes
from vigilog.investigate.activity import activity
from vigilog.investigate.investigation import Investigation
from vigilog.investigate.item import Item
from vigilog.investigate.story import Story, sentences
from vigilog.investigate.text import text

COLUMNS = (
    "time",
    "kind",
    "meaning",
    "rule",
    "user",
    "address",
    "attempts",
    "again",
    "source",
    "path",
    "inode",
    "offset",
    "text",
)
_DESCRIPTIONS = {
    "line": "Event Logged",
    "block": "Black Box Written",
    "request": "Request Begun",
    "alert": "Alert Raised",
    "action": "Action Ended",
    "ban": "Ban Begun",
    "unban": "Ban Lifted",
}


def in_json(answer: Investigation, told: Story) -> Iterator[str]:
    """One object: the subject, the story, counts, activity, every entry."""
    question = answer.question
    found = activity(answer.items)
    whole: dict[str, Any] = {
        "subject": {"kind": question.subject.kind, "text": shown(question.subject.text)},
        "since": question.since,
        "until": question.until,
        "story": [shown(each) for each in sentences(answer, told)],
        "first": told.first,
        "last": told.last,
        "entries": told.lines,
        "attempts": told.attempts,
        "sessions": told.sessions,
        "users": [{**each._asdict(), "name": shown(each.name)} for each in told.users],
        "addresses": [{**each._asdict(), "name": shown(each.name)} for each in told.addresses],
        "services": dict(told.services),
        "sources": {shown(name): count for name, count in told.sources},
        "logins": len(told.logins),
        "attempts_before_login": told.before_login,
        "probes": told.probes,
        "activity": found._asdict() if found else None,
        "pivots": _pivots(answer),
        "files": [{"path": shown(file.path), "inode": file.inode, "size": file.size} for file in answer.files],
        "not_searched": [shown(each) for each in answer.left_out],
        "timeline": [entry(item) for item in answer.items],
    }
    yield json.dumps(whole, indent=1)


def in_csv(answer: Investigation) -> Iterator[str]:
    """A row for each entry, after one of names. A cell that a spreadsheet would take for a formula begins with a `'`."""
    for row in (COLUMNS, *map(_row, answer.items)):
        out = io.StringIO()
        csv.writer(out, lineterminator="").writerow(row)
        yield out.getvalue()


def in_timesketch(answer: Investigation) -> Iterator[str]:
    """A line for each entry."""
    for item in answer.items:
        found = entry(item)
        event = {
            "message": found["text"],
            "datetime": datetime.fromtimestamp(item.time, UTC).isoformat(timespec="microseconds"),
            "timestamp": round(item.time * 1e6),
            "timestamp_desc": _DESCRIPTIONS[item.kind],
            "data_type": f"vigilog:{item.kind}",
            "subject": shown(answer.question.subject.text),
        }
        more = {
            name: value for name, value in found.items() if name not in {"text", "time", "fields"} and value not in ("", None)
        }
        yield json.dumps({**more, **{f"field_{name}": value for name, value in found["fields"].items()}, **event})


def entry(item: Item) -> dict[str, Any]:
    """An entry as plain values, its text harmless."""
    where = item.where
    return {
        "time": item.time,
        "stamped": item.stamped,
        "kind": item.kind,
        "meaning": item.meaning,
        "rule": item.rule,
        "attempts": item.attempts,
        "again": item.again,
        "fields": {name: shown(value) for name, value in item.fields.items()},
        "source": shown(item.source),
        "path": shown(where.path) if where else "",
        "device": where.device if where else None,
        "inode": where.inode if where else None,
        "offset": where.offset if where else None,
        "length": where.length if where else None,
        "position": where.position if where else "",
        "text": shown(text(item)),
        **({"before": [shown_bytes(each) for each in item.before]} if item.before else {}),
        **({"after": [shown_bytes(each) for each in item.after]} if item.after else {}),
    }


def _row(item: Item) -> list[str]:
    found = {**item.fields, **entry(item)}
    found["time"] = datetime.fromtimestamp(item.time, UTC).isoformat(timespec="microseconds")
    return [_cell(found.get(name, "")) for name in COLUMNS]


def _cell(value: object) -> str:
    said = "" if value is None else shown(str(value))
    return "'" + said if said[:1] in {"=", "+", "-", "@"} else said


def _pivots(answer: Investigation) -> dict[str, Any] | None:
    if answer.pivots is None:
        return None
    neighbours = [
        {**each._asdict(), "name": shown(each.name), "common": [shown(name) for name in each.common]}
        for each in answer.pivots.neighbours
    ]
    return {"kind": answer.pivots.kind, "of": [shown(each) for each in answer.pivots.of], "neighbours": neighbours}
