"""Timelines, top lists, rules and sources."""

from __future__ import annotations

from collections import Counter

from starlette.requests import Request
from starlette.responses import Response

from vigilog.glance.sums import newest_by_rule, tops
from vigilog.web.site import Site, asked, whole
from vigilog.web.timelines import SPANS, timeline

TOP = 20


def span_of(request: Request) -> int:
    """How many hours are asked for."""
    wanted = whole(asked(request).get("hours"), 1, 1 << 20, 24)
    return wanted if wanted in SPANS else 24


def over_time(site: Site, request: Request) -> Response:
    """Alerts and events over time."""
    hours = span_of(request)
    return site.page(request, "timeline.html", hours=hours, spans=SPANS, chart=timeline(site, hours))


def top(site: Site, request: Request) -> Response:
    """Who and what came most."""
    hours = span_of(request)
    found = tops(site.follower.digest.alerts(site.clock() - hours * 3600), TOP)
    return site.page(request, "top.html", hours=hours, spans=SPANS, tops=found)


def rules(site: Site, request: Request) -> Response:
    """The triggers, and what each of them found."""
    digest, status = site.follower.digest, site.follower.daemon.status
    running = {each.name: each for each in status.triggers} if status else {}
    configured = {each.name: each for each in site.settings.triggers}
    alerts = newest_by_rule(digest.alerts())
    events: Counter[str] = Counter()
    for counts in digest.event_hours(site.clock() - 86400).values():
        events.update(counts)
    names = sorted({*running, *configured, *alerts}, key=lambda name: (-alerts[name][0] if name in alerts else 0, name))
    return site.page(request, "rules.html", names=names, running=running, configured=configured, alerts=alerts, events=events)


def sources(site: Site, request: Request) -> Response:
    """What the daemon reads, how far it is behind, and what its actions did."""
    return site.page(request, "sources.html")
