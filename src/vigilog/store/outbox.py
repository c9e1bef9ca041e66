"""Alerts, and what is to be done about them: the outbox.

An alert and its orders are stored in the transaction that moves the positions past its lines. An order is begun, then ended
with its outcome. Killed in between it is begun again, and its action is told that it may have been done before.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from vigilog.core.nouns import Alert, Event, Order, Outcome
from vigilog.store.database import answered

PROOF = 100
"""So many of an alert's events are kept with it, the last ones."""


class Ended(NamedTuple):
    """An order that is not open any more, or still is (`status`): what was done about an alert, and why or why not."""

    action: str
    status: str
    ended: float | None
    reason: str


def add_alert(connection: sqlite3.Connection, alert: Alert, actions: Iterable[str], raised: float) -> list[Order]:
    """Stores an alert that was raised at `raised` (seconds since the epoch) and an order for each of `actions`; gives the
    orders. To be called within a transaction. Raises StoreError."""
    with answered(connection):
        row = (alert.rule, json.dumps(alert.key), alert.time, raised, json.dumps([_plain(e) for e in alert.events[-PROOF:]]))
        query = "INSERT INTO alerts (rule, key, time, raised, events) VALUES (?, ?, ?, ?, ?)"
        number = connection.execute(query, row).lastrowid
        orders = []
        for action in actions:
            placed = connection.execute("INSERT INTO outbox (alert, action) VALUES (?, ?)", (number, action)).lastrowid
            orders.append(Order(placed or 0, action, alert, attempt=0))
    return orders


def add_order(connection: sqlite3.Connection, action: str, of: Outcome) -> Order | None:
    """Stores an order for an action that looks at what others did; None if the outcome's own order is not stored (any more)."""
    with answered(connection):
        query = "INSERT INTO outbox (alert, action, of) SELECT alert, ?, number FROM outbox WHERE number = ?"
        placed = connection.execute(query, (action, of.order.number))
        return Order(placed.lastrowid or 0, action, of.order.alert, attempt=0, of=of) if placed.rowcount else None


def mark_begun(connection: sqlite3.Connection, numbers: Sequence[int]) -> None:
    """Notes that the orders of these numbers begin now. To be committed before they do. Raises StoreError."""
    with answered(connection):
        query = "UPDATE outbox SET status = 'begun', attempts = attempts + 1 WHERE number = ?"
        connection.executemany(query, [(number,) for number in numbers])


def mark_ended(connection: sqlite3.Connection, outcomes: Iterable[Outcome], moment: float) -> None:
    """Notes what became of orders at `moment` (seconds since the epoch). Raises StoreError."""
    rows = [
        ("done" if outcome.done else "failed", moment, outcome.reason.encode("utf-8", "replace").decode(), outcome.order.number)
        for outcome in outcomes
    ]
    with answered(connection):
        connection.executemany("UPDATE outbox SET status = ?, ended = ?, reason = ? WHERE number = ?", rows)


def open_orders(connection: sqlite3.Connection) -> list[Order]:
    """The orders that are not ended, the oldest first; those that were begun before have an `attempt` above 0. Raises
    StoreError."""
    query = (
        "SELECT o.number, o.action, o.attempts, o.of, a.rule, a.key, a.time, a.events FROM outbox o "
        "JOIN alerts a ON a.number = o.alert WHERE o.status IN ('waiting', 'begun') ORDER BY o.number"
    )
    found = []
    with answered(connection):
        for number, action, attempts, of, *alert in connection.execute(query).fetchall():
            raised = _alert(*alert)
            found.append(Order(number, action, raised, attempts, _outcome(connection, of, raised) if of else None))
    return found


def drop_orders(connection: sqlite3.Connection, action: str, reason: str, moment: float) -> int:
    """Ends all open orders of an action as not done, for `reason`; gives how many they were. Raises StoreError."""
    query = "UPDATE outbox SET status = 'failed', ended = ?, reason = ? WHERE action = ? AND status IN ('waiting', 'begun')"
    with answered(connection):
        return connection.execute(query, (moment, reason, action)).rowcount


def alerts(connection: sqlite3.Connection, since: float, limit: int = 1000) -> Iterator[tuple[int, Alert, list[Ended]]]:
    """The last `limit` alerts raised since a moment (seconds since the epoch), the newest first, with what was done about each.

    Raises StoreError.
    """
    query = "SELECT number, rule, key, time, events FROM alerts WHERE raised >= ? ORDER BY number DESC LIMIT ?"
    with answered(connection):
        rows = connection.execute(query, (since, limit)).fetchall()
        for number, *alert in rows:
            done = "SELECT action, status, ended, reason FROM outbox WHERE alert = ? ORDER BY number"
            yield number, _alert(*alert), [Ended(*row) for row in connection.execute(done, (number,))]


def forget_alerts(connection: sqlite3.Connection, before: float) -> int:
    """Forgets alerts raised before a moment (seconds since the epoch), but for those with open orders. Raises StoreError."""
    query = (
        "DELETE FROM alerts WHERE raised < ? AND number NOT IN (SELECT alert FROM outbox WHERE status IN ('waiting', 'begun'))"
    )
    with answered(connection):
        return connection.execute(query, (before,)).rowcount


def _plain(event: Event) -> dict[str, Any]:
    """An event as JSON: bytes that are no UTF-8 are surrogates, which JSON escapes."""
    return {
        "time": event.time,
        "arrived": event.arrived,
        "source": event.source,
        "rule": event.rule,
        "kind": event.kind,
        "fields": dict(event.fields),
        "line": event.line.decode("utf-8", "surrogateescape"),
    }


def _event(plain: Mapping[str, Any]) -> Event:
    return Event(**{**plain, "line": plain["line"].encode("utf-8", "surrogateescape")})


def _alert(rule: str, key: str, time: float, events: str) -> Alert:
    return Alert(rule, tuple(json.loads(key)), time, tuple(_event(plain) for plain in json.loads(events)))


def _outcome(connection: sqlite3.Connection, number: int, alert: Alert) -> Outcome | None:
    row = connection.execute("SELECT action, status, attempts, reason FROM outbox WHERE number = ?", (number,)).fetchone()
    if row is None:
        return None
    action, status, attempts, reason = row
    return Outcome(Order(number, action, alert, attempts), status == "done", reason)
