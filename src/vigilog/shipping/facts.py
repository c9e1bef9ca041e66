"""What is told about something that happened, before it is known in which schema's words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from vigilog.core.nouns import Alert, Outcome
from vigilog.store.bans import Banned, Lifted

What = Literal["line", "event", "alert", "outcome", "ban", "unban", "block"]

PROOF = 10
"""So many lines of an alert are told, the last ones."""
PROVING = 1024
"""So many bytes of each of them."""
VALUE = 1024
"""So many characters of a field's value are told."""

BLOCK = re.compile(r"\S+ \S+ blackbox\[(?P<pid>\d+)\]: (?P<kind>[^:]+): (?P<fields>.*)")
"""How watch/blackbox.py has the record of a block."""
FIELD = re.compile(r'(?P<name>\w+)=(?:"(?P<quoted>[^"]*)"|(?P<bare>\S+))')


class Fact(NamedTuple):
    """Something that happened. Times are seconds since the epoch: by its own account, and when Vigilog knew. `text` is the
    line, or a sentence; `fields` are what was taken out of the line, `more` is what Vigilog itself has to say."""

    what: What
    time: float
    observed: float
    text: str
    source: str = ""
    trigger: str = ""
    kind: str = ""
    fields: Mapping[str, str] = {}
    more: Mapping[str, object] = {}
    failed: bool = False


def text(value: bytes) -> str:
    r"""Bytes of a log as text; what is no UTF-8 is visible, as `\xe9`."""
    return value.decode("utf-8", "backslashreplace")


def told(value: str) -> str:
    """The same for text whose bytes that are no UTF-8 are surrogates, no longer than VALUE."""
    return text(value[:VALUE].encode("utf-8", "surrogateescape"))


def of_alert(alert: Alert, now: float) -> Fact:
    """A threshold that was crossed."""
    last = alert.events[-1]
    proof = [text(event.line[:PROVING]) for event in alert.events[-PROOF:]]
    return Fact(
        "alert",
        alert.time,
        now,
        text(last.line),
        last.source,
        alert.rule,
        last.kind,
        {name: told(value) for name, value in last.fields.items()},
        {"key": [told(value) for value in alert.key], "count": alert.count, "evidence": proof},
    )


def of_outcome(outcome: Outcome, now: float) -> Fact:
    """What an action did about an alert, or why it did not."""
    order = outcome.order
    return Fact(
        "outcome",
        now,
        now,
        told(outcome.reason),
        trigger=order.alert.rule,
        more={
            "action": order.action,
            "done": outcome.done,
            "key": [told(value) for value in order.alert.key],
            "alert_time": order.alert.time,
            "attempt": order.attempt,
        },
        failed=not outcome.done,
    )


def of_ban(ban: Banned, now: float) -> Fact:
    """Somebody was shut out, or for longer."""
    return Fact(
        "ban",
        ban.since,
        now,
        told(ban.reason),
        trigger=ban.rule,
        fields={"address": ban.target},
        more={"until": ban.until, "times": ban.times, **({"ports": [ban.port]} if ban.port else {})},
    )


def of_lift(lift: Lifted, now: float) -> Fact:
    """Some, or all, were let in again."""
    whom = "all" if lift.targets is None else ", ".join(lift.targets)
    return Fact(
        "unban", lift.moment, now, f"let in: {whom}", more={"targets": list(lift.targets or ()), "all": lift.targets is None}
    )


def of_block(line: str, source: str, time: float, now: float) -> Fact:
    """A block of a black box, as the record that watch/blackbox.py makes of it."""
    found = BLOCK.fullmatch(line)
    fields = {one["name"]: one["quoted"] or one["bare"] or "" for one in FIELD.finditer(found["fields"])} if found else {}
    names = {"client": "address", "attempted": "user"}
    known = {"pid": found["pid"]} if found and found["pid"] != "0" else {}
    known |= {names.get(name, name): value for name, value in fields.items() if name != "messages"}
    more = {"messages": int(fields["messages"])} if fields.get("messages", "").isdecimal() else {}
    return Fact("block", time, now, line, source, kind=found["kind"] if found else "", fields=known, more=more)
