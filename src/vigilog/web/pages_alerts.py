"""The overview, alerts, and one alert."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from vigilog.glance.sums import newest_by_rule
from vigilog.store import looks, outbox
from vigilog.store.looks import Noted
from vigilog.web.site import Site, asked, plain, whole
from vigilog.web.timelines import timeline

PAGE = 50
SHOWN = 15


def overview(site: Site, request: Request) -> Response:
    """How things stand now."""
    return site.page(request, "overview.html", **standing(site))


def standing(site: Site) -> dict[str, object]:
    """What the overview shows; the live updates have the same."""
    digest, now = site.follower.digest, site.clock()
    day = digest.alerts(now - 86400)
    return {
        "daemon": site.follower.daemon,
        "events": digest.recent(SHOWN),
        "alerts": day[:SHOWN],
        "alerts_day": len(day),
        "events_seen": digest.events_seen,
        "chart": timeline(site, 24),
        "now": now,
    }


def alerts(site: Site, request: Request) -> Response:
    """Alerts, filtered, a page at a time."""
    given = asked(request)
    wanted = {name: plain(given, name) for name in ("rule", "kind", "value", "from", "to")}
    start, end = whole(wanted["from"], 0, 1 << 40, 0), whole(wanted["to"], 0, 1 << 40, 1 << 40)
    digest = site.follower.digest
    found = digest.of(wanted["value"]) if wanted["value"] else digest.alerts(start, end)
    found = [each for each in found if fits(each, wanted, start, end)]
    number = whole(given.get("page"), 1, max(1, -(-len(found) // PAGE)), 1)
    return site.page(
        request,
        "alerts.html",
        alerts=found[(number - 1) * PAGE : number * PAGE],
        total=len(found),
        number=number,
        pages=max(1, -(-len(found) // PAGE)),
        wanted=wanted,
        rules=sorted({*newest_by_rule(digest.alerts()), *(each.name for each in site.settings.triggers)}),
        kinds=kinds(digest.alerts()),
    )


def fits(alert: Noted, wanted: dict[str, str], start: int, end: int) -> bool:
    """Whether an alert is one of those that are asked for."""
    return (
        (not wanted["rule"] or alert.rule == wanted["rule"])
        and (not wanted["kind"] or alert.kind == wanted["kind"])
        and start <= alert.raised < end
    )


def kinds(alerts: Sequence[Noted]) -> list[str]:
    """The classes that there are."""
    return sorted({each.kind for each in alerts})


def one_alert(site: Site, request: Request) -> Response:
    """An alert with its proof and what was done about it."""
    number = request.path_params["number"]
    with looks.looking(site.follower.directory) as store:
        found = outbox.alert(store, number) if number < 1 << 62 else None
    if found is None:
        return site.wrong(request, 404, f"There is no alert {number}; alerts are kept for {site.settings.run.keep_days} days.")
    alert, raised, orders = found
    return site.page(request, "alert.html", number=number, alert=alert, raised=raised, orders=orders)
