"""What services did on a day: the report of `vigilog report`, by the services that are built in."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from vigilog.config.logwatch import logwatch
from vigilog.core.clock import local
from vigilog.report.section import Section, Series
from vigilog.report.services import SERVICES, vigilog
from vigilog.reporting import log_files
from vigilog.reporting.asking import asked as question
from vigilog.reporting.frame import Output, Report
from vigilog.reporting.producing import produce
from vigilog.web.charts import Bar, bars
from vigilog.web.pages_investigation import AT_ONCE
from vigilog.web.site import Site, asked

BASE, ETC = "/usr/share/logwatch", "/etc/logwatch"
LOGS: tuple[str, ...] = ()
"""Directories where logs are looked for, besides the usual ones."""
DAYS = 14
ROWS = 50
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Collected:
    """A frame (`reporting.frame`) that keeps what services say."""

    def __init__(self) -> None:
        self.begun = False
        self.sections: list[Section] = []

    def add(self, output: Output) -> None:
        """Keeps a section that says something."""
        if output.section and output.section.lines:
            self.sections.append(output.section)

    def warn(self, _text: str) -> None:
        """Is about scripts, of which there are none here."""

    def finish(self) -> Report:
        """Nothing is written."""
        return Report(b"")


def past_days(now: float) -> list[str]:
    """The dates that are offered: today and those before it."""
    return [f"{local(now) - timedelta(days=number):%Y-%m-%d}" for number in range(DAYS)]


def day(site: Site, request: Request) -> Response:
    """The report of a day; without one of yesterday."""
    days = past_days(site.clock())
    date = asked(request).get("date", days[1])
    if not _DATE.fullmatch(date) or not is_date(date):
        return site.wrong(request, 400, f'"{date}" is not a date such as {days[1]}.')
    said: list[str] = []
    if not AT_ONCE.acquire(timeout=5.0):
        return site.wrong(request, 503, "All logs are being read for somebody else. Try again in a moment.")
    try:
        sections = sections_of(date, site.clock(), said)
    finally:
        AT_ONCE.release()
    drawn = [(each, [(series.title, hours(series)) for series in each.events if series.points]) for each in sections]
    return site.page(request, "day.html", date=date, days=days, sections=drawn, said=said, most=ROWS)


def is_date(text: str) -> bool:
    """Whether there is such a day."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def sections_of(date: str, now: float, said: list[str]) -> Sequence[Section]:
    """What the services say. No script is run: what nobody but the daemon's user may start, a page does not start either."""
    names = [name for name in SERVICES if name != vigilog.NAME]
    wanted = question(
        logwatch(BASE, ETC),
        {"range": date, "detail": "5", "output": "stdout", "format": "json"},
        now,
        services=names,
        directories=LOGS,
        built_in=SERVICES,
        prefer_built_in=True,
    )
    wanted = replace(wanted, services=tuple(name for name in wanted.services if name in wanted.built_in))
    frame = Collected()
    produce(wanted, lambda _: frame, lambda: now, log_files.blocks, said.append)
    return frame.sections


def hours(series: Series) -> Markup:
    """A series over the hours of its day."""
    counts: Counter[int] = Counter()
    for at, count in series.points:
        counts[local(at).hour] += count
    return bars(
        [
            Bar(counts[hour], f"{hour:02}:00: {counts[hour]:,}", "", f"{hour:02}:00" if hour % 3 == 1 else "")
            for hour in range(24)
        ],
        series.title,
        "events",
    )
