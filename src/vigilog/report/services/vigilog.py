"""Vigilog's own alerts and bans: from what `vigilog run` says in the log, or from its store (`stored`)."""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain

from vigilog.report.message_forms import Form
from vigilog.report.section import Section, Table
from vigilog.report.syslog_counting import SyslogCounting, SyslogService
from vigilog.report.tally import Tally, totals
from vigilog.store import bans, outbox

NAME = "vigilog"
TITLE = "Vigilog"
GROUPS = ("vigilog", "syslog", "messages")

_SAID = rb"(?:vigilog: )?(?:dry run: )?"
_FORMS = (
    Form("alert", _SAID + rb"alert: ([^:]+): (.*)"),
    Form("ban", _SAID + rb"([^: ]+): ([^: ]+): banned (\S+) (.*)"),
    Form("refused", _SAID + rb"([^: ]+): ([^: ]+): (not (?:done|banned): .*)"),
    Form("lifted", _SAID + rb"(?:[^: ]+: )?let in: (.*)"),
    Form("action", _SAID + rb"([^: ]+): ([^: ]+): (.*)"),
    Form("died", _SAID + rb"process \d+ of (.*) died; .*"),
    Form("daemon", _SAID + rb"(the configuration was read anew|shipping ended|\d+ orders are not carried out)(?:: .*)?"),
)


def _tables(tally: Tally, numeric: bool) -> Iterator[Table]:  # noqa: ARG001
    yield totals(
        "Totals",
        ("Alerts", tally.total("alert")),
        ("Bans", tally.total("ban")),
        ("Lifted bans", tally.total("lifted")),
        ("Actions taken", tally.total("action")),
        ("Actions not taken", tally.total("refused")),
        ("Processes that died", tally.total("died")),
    )
    yield Table("Alerts by rule", ("Rule", "Count"), tally.ranked("alert", 0))
    yield Table("Alerts", ("Rule", "About", "Count"), tally.ranked("alert", 0, 1), 5)
    yield Table("Bans", ("Who", "Rule", "How long", "Count"), tally.ranked("ban", 2, 1, 3))
    yield Table("Lifted bans", ("Who", "Count"), tally.ranked("lifted", 0))
    yield Table("Actions not taken", ("Action", "Rule", "Why", "Count"), tally.ranked("refused", 0, 1, 2))
    yield Table("Actions taken", ("Action", "Rule", "Outcome", "Count"), tally.ranked("action", 0, 1, 2), 5)
    yield Table("Processes that died", ("Service", "Count"), tally.ranked("died", 0))
    yield Table("The daemon", ("What", "Count"), tally.ranked("daemon", 0), 10)


SERVICE = SyslogService(NAME, TITLE, rb"vigilog", _FORMS, {"alert": "Alerts", "ban": "Bans"}, _tables)
Counting = partial(SyslogCounting, SERVICE)


def stored(connection: sqlite3.Connection, spans: Sequence[tuple[float, float]]) -> Section:
    """The section of what the store holds of these spans of time (seconds since the epoch: from, to before), which are sorted.
    Raises StoreError."""
    edges = list(chain.from_iterable(spans))
    tally = Tally()
    for _, alert, done in outbox.history(connection):
        if not bisect_right(edges, alert.time) % 2:
            continue
        tally.lines += 1
        rule = _bytes(alert.rule)
        tally.kinds["alert"][rule, b", ".join(map(_bytes, alert.key))] += 1
        tally.happened("Alerts", alert.time, 1)
        for order in done:
            kind = {"done": "action", "failed": "refused"}.get(order.status, "waiting")
            tally.kinds[kind][_bytes(order.action), rule, _bytes(order.reason)] += 1
    for ban, lifted in bans.begun(connection, edges[0], edges[-1]) if edges else ():
        if bisect_right(edges, ban.since) % 2:
            how_long = f"for {ban.until - ban.since:.0f} s{'' if lifted is None else ', lifted before its end'}"
            tally.lines += 1
            tally.kinds["ban"][b"ban", _bytes(ban.rule), _bytes(ban.target), how_long.encode()] += 1
            tally.happened("Bans", ban.since, 1)
    return tally.section(NAME, TITLE, _tables(tally, False))


def _bytes(value: str) -> bytes:
    return value.encode("utf-8", "surrogateescape")
