"""Alerts, and what is to be done about them: the outbox.

An alert and its orders are stored in the transaction that moves the positions past its lines. An order is begun, then ended
with its outcome. Killed in between it is begun again, and its action is told that it may have been done before.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec.msgpack import Decoder, encode

from vigilog.core.nouns import Alert, Event, Order, Outcome
from vigilog.store.database import answered
from vigilog.store.words import stored, told

PROOF = 100
"""So many of an alert's events are kept with it, the first and the last ones."""


class Ended(NamedTuple):
    """An order that is not open any more, or still is (`status`): what was done about an alert, and why or why not."""

    action: str
    status: str
    ended: float | None
    reason: str


def add_alerts(
    connection: sqlite3.Connection, raised: Iterable[tuple[Alert, Sequence[str]]], room: dict[str, int], moment: float
) -> list[Order]:
    """Stores alerts raised at `moment` (seconds since the epoch), and for each an order for each of its actions. Gives the
    orders that begin now, which are marked so: as many for each action as it has `room`, which becomes less.

    To be called within a transaction. Raises StoreError.
    """
    alerts, orders, begun = [], [], []
    with answered(connection):
        alert_number = _last(connection, "alerts")
        number = _last(connection, "outbox")
        for alert, actions in raised:
            alert_number += 1
            key = encode([stored(value) for value in alert.key])
            kind = alert.events[-1].kind if alert.events else ""
            alerts.append((alert_number, alert.rule, kind, key, alert.time, moment, _proof(alert), alert.count))
            for action in actions:
                number += 1
                has_room = room.get(action, 0) > 0
                orders.append((number, alert_number, action, "begun" if has_room else "waiting", int(has_room)))
                if has_room:
                    room[action] -= 1
                    begun.append(Order(number, action, alert))
        connection.executemany("INSERT INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", alerts)
        query = "INSERT INTO outbox (number, alert, action, status, attempts) VALUES (?, ?, ?, ?, ?)"
        connection.executemany(query, orders)
    return begun


def add_order(connection: sqlite3.Connection, action: str, of: Outcome) -> None:
    """Stores an order for an action that looks at what others did, unless the outcome's own order is not stored (any more)."""
    with answered(connection):
        query = "INSERT INTO outbox (alert, action, of) SELECT alert, ?, number FROM outbox WHERE number = ?"
        connection.execute(query, (action, of.order.number))


def begin_orders(connection: sqlite3.Connection, room: Mapping[str, int]) -> list[Order]:
    """Marks waiting orders as begun, the oldest first, as many for each action as it has room for, and gives them.

    To be called within a transaction that is committed before they begin. Raises StoreError.
    """
    # both words, or SQLite does not see that the index of open orders will do
    waiting = "o.status IN ('waiting', 'begun') AND o.status = 'waiting'"
    query = f"{_ORDERS} WHERE {waiting} AND o.action = ? ORDER BY o.number LIMIT ?"
    begun: list[Order] = []
    with answered(connection):
        for action, count in room.items():
            begun += [_order(connection, row) for row in connection.execute(query, (action, count)).fetchall()]
        marks = [(order.number,) for order in begun]
        connection.executemany("UPDATE outbox SET status = 'begun', attempts = attempts + 1 WHERE number = ?", marks)
    return begun


def reopen_orders(connection: sqlite3.Connection, numbers: Sequence[int] | None = None) -> int:
    """Makes orders wait again that were begun: all of a process that died, or these, whose action has ended without them.
    Gives how many they were. Raises StoreError."""
    with answered(connection):
        if numbers is None:
            return connection.execute("UPDATE outbox SET status = 'waiting' WHERE status = 'begun'").rowcount
        query = "UPDATE outbox SET status = 'waiting' WHERE status = 'begun' AND number = ?"
        return connection.executemany(query, [(number,) for number in numbers]).rowcount


def end_orphans(connection: sqlite3.Connection, known: Iterable[str], moment: float) -> int:
    """Ends the waiting orders of all actions but the `known` ones as not done: months later they could do harm. Gives how many
    they were. Raises StoreError."""
    query = (
        "UPDATE outbox SET status = 'failed', ended = ?, reason = 'there is no action ' || action || ' any more' "
        "WHERE status = 'waiting' AND action NOT IN (SELECT value FROM json_each(?))"
    )
    with answered(connection):
        return connection.execute(query, (moment, json.dumps(list(known)))).rowcount


def mark_ended(connection: sqlite3.Connection, outcomes: Iterable[Outcome], moment: float) -> None:
    """Notes what became of orders at `moment` (seconds since the epoch). Raises StoreError."""
    rows = [
        ("done" if outcome.done else "failed", moment, outcome.reason.encode("utf-8", "replace").decode(), outcome.order.number)
        for outcome in outcomes
    ]
    with answered(connection):
        connection.executemany("UPDATE outbox SET status = ?, ended = ?, reason = ? WHERE number = ?", rows)


def drop_orders(connection: sqlite3.Connection, action: str, reason: str, moment: float) -> int:
    """Ends all open orders of an action as not done, for `reason`; gives how many they were. Raises StoreError."""
    query = "UPDATE outbox SET status = 'failed', ended = ?, reason = ? WHERE action = ? AND status IN ('waiting', 'begun')"
    with answered(connection):
        return connection.execute(query, (moment, reason, action)).rowcount


def alerts(connection: sqlite3.Connection, since: float, limit: int = 1000) -> Iterator[tuple[int, Alert, list[Ended]]]:
    """The last `limit` alerts raised since a moment (seconds since the epoch), the newest first, with what was done about each.

    Raises StoreError.
    """
    query = "SELECT number, rule, kind, key, time, events, count FROM alerts WHERE raised >= ? ORDER BY number DESC LIMIT ?"
    with answered(connection):
        rows = connection.execute(query, (since, limit)).fetchall()
        for number, *alert in rows:
            done = "SELECT action, status, ended, reason FROM outbox WHERE alert = ? ORDER BY number"
            yield number, _alert(*alert), [Ended(*row) for row in connection.execute(done, (number,))]


def alert(connection: sqlite3.Connection, number: int) -> tuple[Alert, float, list[Ended]] | None:
    """The alert of that number, when it was raised, and what was done about it; None if it is not there (any more). Raises
    StoreError."""
    with answered(connection):
        row = connection.execute(
            "SELECT raised, rule, kind, key, time, events, count FROM alerts WHERE number = ?", (number,)
        ).fetchone()
        if row is None:
            return None
        done = connection.execute("SELECT action, status, ended, reason FROM outbox WHERE alert = ? ORDER BY number", (number,))
        return _alert(*row[1:]), row[0], [Ended(*each) for each in done]


def history(connection: sqlite3.Connection) -> Iterator[tuple[int, Alert, list[Ended]]]:
    """All alerts, the oldest first, each with what was done about it; one at a time is in memory. Raises StoreError."""
    query = "SELECT number, rule, kind, key, time, events, count FROM alerts ORDER BY number"
    done = "SELECT action, status, ended, reason FROM outbox WHERE alert = ? ORDER BY number"
    with answered(connection):
        for number, *alert in connection.execute(query):
            yield number, _alert(*alert), [Ended(*row) for row in connection.execute(done, (number,))]


def forget_alerts(connection: sqlite3.Connection, before: float) -> int:
    """Forgets alerts raised before a moment (seconds since the epoch), but for those with open orders. Raises StoreError."""
    query = (
        "DELETE FROM alerts WHERE raised < ? AND number NOT IN (SELECT alert FROM outbox WHERE status IN ('waiting', 'begun'))"
    )
    with answered(connection):
        return connection.execute(query, (before,)).rowcount


_Fields = dict[str, bytes]
_Proof = tuple[_Fields, _Fields, list[tuple[float, float, bytes, bytes]]]
"""The events of an alert in MessagePack: the fields of those before the last, the fields of the last, and of each the time, the
arrival, the source and the line. Texts that may be no UTF-8 are bytes there."""
_decode_proof = Decoder(_Proof).decode
_decode_key = Decoder(list[bytes]).decode


def _proof(alert: Alert) -> bytes:
    events = alert.events if len(alert.events) <= PROOF else (alert.events[0], *alert.events[1 - PROOF :])
    rows = [(event.time, event.arrived, stored(event.source), event.line) for event in events]
    ends = [_packed(event.fields) for event in (events[0], events[-1])] if events else [{}, {}]
    return encode((*ends, rows))


def _packed(fields: Mapping[str, str]) -> _Fields:
    return {name: value.encode("utf-8", "surrogateescape") for name, value in fields.items()}


def _unpacked(fields: _Fields) -> dict[str, str]:
    return {name: value.decode("utf-8", "surrogateescape") for name, value in fields.items()}


def _alert(rule: str, kind: str, key: bytes, time: float, events: bytes, count: int | None) -> Alert:
    first, last, rows = _decode_proof(events)
    before, crossing = _unpacked(first), _unpacked(last)
    proof = [Event(at, arrived, told(source), rule, kind, before, line) for at, arrived, source, line in rows]
    if proof:
        proof[-1] = proof[-1]._replace(fields=crossing)
    values = tuple(told(value) for value in _decode_key(key))
    return Alert(rule, values, time, tuple(proof), len(proof) if count is None else count)


def _last(connection: sqlite3.Connection, table: str) -> int:
    found: tuple[int] | None = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
    return found[0] if found else 0


_Row = tuple[int, str, int, int | None, str, str, bytes, float, bytes, int | None]

_ORDERS = (
    "SELECT o.number, o.action, o.attempts, o.of, a.rule, a.kind, a.key, a.time, a.events, a.count FROM outbox o "
    "JOIN alerts a ON a.number = o.alert "
)


def _order(connection: sqlite3.Connection, row: _Row) -> Order:
    number, action, attempts, of, rule, kind, key, time, events, count = row
    raised = _alert(rule, kind, key, time, events, count)
    return Order(number, action, raised, attempts + 1, _outcome(connection, of, raised) if of else None)


def _outcome(connection: sqlite3.Connection, number: int, alert: Alert) -> Outcome | None:
    row = connection.execute("SELECT action, status, attempts, reason FROM outbox WHERE number = ?", (number,)).fetchone()
    if row is None:
        return None
    action, status, attempts, reason = row
    return Outcome(Order(number, action, alert, attempts), status == "done", reason)
