"""What the store of `vigilog run` says: alerts, what was done about them, bans, and who was let in again. Reads only."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from ipaddress import ip_network
from urllib.parse import quote

from vigilog.core.clock import local
from vigilog.core.errors import StoreError
from vigilog.core.nouns import Alert, Place
from vigilog.investigate.item import Item
from vigilog.investigate.subject import Network, Subject
from vigilog.store import bans, outbox
from vigilog.store.database import NAME, answered
from vigilog.store.schema import APPLICATION, STEPS

IsAbout = Callable[[bytes], bool]


def stored(directory: str, subject: Subject, is_about: IsAbout) -> list[Item] | None:
    """The entries about the subject, in no order; None if there is no store in `directory`. The lines that prove an alert come
    as lines of their source: their log may be gone. Raises StoreError if there is one that cannot be read."""
    path = os.path.join(directory, NAME)
    if not os.path.lexists(path):
        return None
    with closing(_opened(path)) as store:
        return [*_alerts(store, is_about), *_bans(store, subject, is_about)]


def _opened(path: str) -> sqlite3.Connection:
    with answered(path):
        store = sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, isolation_level=None)
        application = store.execute("PRAGMA application_id").fetchone()[0]
        version = store.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION or version != len(STEPS):
        store.close()
        raise StoreError(
            f"a store of version {version}",
            place=Place(path),
            expected=f"version {len(STEPS)}",
            remedy="a start of `vigilog run` of this version brings it up to date",
        )
    return store


def _alerts(store: sqlite3.Connection, is_about: IsAbout) -> Iterator[Item]:
    for number, alert, ended in outbox.history(store):
        proof = [event for event in alert.events if is_about(event.line)]
        by_key = any(is_about(_bytes(value)) for value in alert.key)
        if not (proof or by_key):
            continue
        fields = {"alert": str(number), "rule": alert.rule, "key": ", ".join(alert.key), "count": str(alert.count)}
        yield Item(alert.time, "alert", "store", _bytes(_said(alert)), rule=alert.rule, fields=fields)
        for order in ended:
            moment = alert.time if order.ended is None else order.ended
            text = f"{order.action}: {order.reason or order.status}"
            more = {"alert": str(number), "action": order.action, "status": order.status}
            yield Item(moment, "action", "store", _bytes(text), rule=alert.rule, fields=more)
        for event in proof:
            yield Item(event.time, "line", f"store ({event.source})", event.line, fields={"alert": str(number)})


def _said(alert: Alert) -> str:
    events = "1 event" if alert.count == 1 else f"{alert.count} events"
    return f"{alert.rule}: {', '.join(alert.key) or '-'}: {events}"


def _bans(store: sqlite3.Connection, subject: Subject, is_about: IsAbout) -> Iterator[Item]:
    network = subject.network
    with answered(store):
        rows = store.execute("SELECT target, port, rule, since, until, times, reason, lifted FROM bans").fetchall()
        lifted = store.execute("SELECT target, moment FROM ban_lifts").fetchall()
    targets = set()
    for target, port, rule, since, until, times, reason, _ in rows:
        if not (_shuts_out(target, network) or is_about(_bytes(reason))):
            continue
        targets.add(target)
        text = f"{target} shut out{f' from {port}' if port else ''} until {local(until):%Y-%m-%d %H:%M:%S}: {reason}"
        fields = {"target": target, "port": port, "until": f"{until:.0f}", "times": str(times)}
        yield Item(since, "ban", "store", _bytes(text), rule=rule, fields=fields)
    for target, moment in lifted:
        if target in targets or (target and _shuts_out(target, network)) or (target == bans.EVERYTHING and targets):
            yield Item(moment, "unban", "store", _bytes(f"{target or 'everybody'} let in again"), fields={"target": target})


def _shuts_out(target: str, network: Network | None) -> bool:
    """The target of a ban and a network have addresses in common."""
    if network is None:
        return False
    try:
        return ip_network(target).overlaps(network)
    except ValueError:
        return False


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
