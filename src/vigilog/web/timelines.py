"""Alerts and events over time, as bars that lead to what happened then."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from markupsafe import Markup

from vigilog.core.clock import local
from vigilog.web.charts import Bar, bars
from vigilog.web.rendering import query
from vigilog.web.site import Site

SPANS = {24: "a day", 24 * 7: "a week", 24 * 30: "30 days"}
"""The hours that can be looked at, in words."""


class Timeline(NamedTuple):
    """The two charts, and the rows of the table that says the same: start, end, alerts, events (the newest first)."""

    alerts: Markup
    events: Markup
    rows: list[tuple[int, int, int, int]]


def timeline(site: Site, hours: int, value: str = "") -> Timeline:
    """The last `hours`, in steps of one hour, or of a day where that would be too many; with `value` the alerts about it."""
    digest, now = site.follower.digest, site.clock()
    last = int(now) // 3600
    first = last - hours + 1
    each = 1 if hours <= 24 * 7 else 24
    found = digest.of(value) if value else digest.alerts(first * 3600)
    alerts = Counter(int(alert.raised) // 3600 for alert in found)
    events = {} if value else {hour: sum(counts.values()) for hour, counts in digest.event_hours(first * 3600).items()}
    rows = []
    for start in range(first, last + 1, each):
        held = range(start, start + each)
        begin, end = start * 3600, (start + each) * 3600
        rows.append((begin, end, sum(alerts[hour] for hour in held), sum(events.get(hour, 0) for hour in held)))
    return Timeline(
        bars([bar(row, row[2], "alerts", value, number, len(rows)) for number, row in enumerate(rows)], "alerts over time"),
        bars(
            [bar(row, row[3], "events", value, number, len(rows)) for number, row in enumerate(rows)],
            "events over time",
            "events",
        ),
        rows[::-1],
    )


def bar(row: tuple[int, int, int, int], count: int, what: str, value: str, number: int, of: int) -> Bar:
    """One bar of a timeline."""
    every = max(1, of // 8)
    labelled = number % every == every // 2
    if not count and not labelled:
        return Bar(0, "")
    begin, end = local(row[0]), local(row[1])
    link = query("/alerts", **{"from": row[0], "to": row[1], "value": value}) if what == "alerts" else ""
    label = format(begin, "%H:%M" if of <= 24 else "%d %b") if labelled else ""
    return Bar(count, f"{begin:%Y-%m-%d %H:%M} to {end:%H:%M}: {count:,} {what}", link, label)
