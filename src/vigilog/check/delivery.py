"""Handing reports over: to the terminal, to standard output, or by mail; and telling the store that it is done.

A report that was committed is delivered at least once. Its delivery is noted before it begins, so that one whose end is
not known is delivered again, marked as repeated.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from vigilog.config.settings import Mail
from vigilog.core.clock import Clock, local
from vigilog.report import archive
from vigilog.report.document import Report
from vigilog.report.renderers import RENDERERS
from vigilog.report.visible import Write
from vigilog.store.database import transaction
from vigilog.store.reports import mark_attempt, mark_delivered, pending, prune, stored_report

Form = Literal["debian", "psionic", "terminal", "json"]
DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Way:
    """How reports leave: by mail if `mail` has an address, else through `write` in the given `form`.

    `flush` raises if what was written did not arrive. `summarize` folds similar lines.
    """

    form: Form
    mail: Mail
    summarize: bool
    write: Write
    flush: Callable[[], object]


def hand_over(report: Report, way: Way) -> None:
    """Delivers one report. Raises DeliveryError, or OSError from `write`."""
    if way.summarize:
        from vigilog.report.summary import summarize  # noqa: PLC0415 - loaded by those who want it

        report = replace(report, sections=tuple(summarize(section) for section in report.sections))
    render = RENDERERS[way.form]
    if way.mail.to:
        from vigilog.check.mailing import delivery  # noqa: PLC0415 - the same
        from vigilog.report.mail import deliver  # noqa: PLC0415 - loads the mail libraries

        deliver(lambda write: render(report, write, visible=True), report.subject, delivery(way.mail), report.created)
        return
    render(report, way.write, visible=way.form == "terminal")
    way.flush()


def deliver_pending(store: sqlite3.Connection, way: Way, clock: Clock) -> None:
    """Delivers every report that an earlier run committed and did not deliver."""
    for stored in pending(store):
        deliver_stored(store, stored.id, archive.recall(store, stored), way, clock)


def deliver_number(store: sqlite3.Connection, number: int, way: Way, clock: Clock) -> None:
    """Delivers the report that was just committed under `number`, from the store: its lines are in order there."""
    deliver_stored(store, number, archive.recall(store, stored_report(store, number)), way, clock)


def deliver_stored(store: sqlite3.Connection, number: int, report: Report, way: Way, clock: Clock) -> None:
    """Delivers a committed report and marks it. If that fails it stays pending, for the next run."""
    with transaction(store):
        mark_attempt(store, number, clock())
    hand_over(report, way)
    with transaction(store):
        mark_delivered(store, number, clock())


def forget_old(store: sqlite3.Connection, days: int, clock: Clock) -> None:
    """Drops reports delivered more than `days` days ago."""
    prune(store, clock() - days * DAY)


def report_failure(reason: str, mail: Mail, host: str, date_format: str, clock: Clock) -> None:
    """Mails why there is no report. Raises DeliveryError if that fails, too."""
    import os  # noqa: PLC0415 - with the rest that only a failure needs

    from vigilog.check.mailing import delivery  # noqa: PLC0415
    from vigilog.report import subjects  # noqa: PLC0415
    from vigilog.report.failure import failure_text  # noqa: PLC0415
    from vigilog.report.mail import deliver  # noqa: PLC0415

    moment = local(clock())
    text = failure_text(reason, os.environ)
    deliver(lambda write: write(text), subjects.failure(host, moment, date=date_format), delivery(mail), moment)
