"""All pages of the dashboard, put together."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vigilog.web import pages_alerts, pages_day, pages_evidence, pages_investigation, pages_login, pages_subjects, pages_sums
from vigilog.web.door import Application, Door
from vigilog.web.live import Live
from vigilog.web.site import Site, changes, shows

TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}

PAGES = {
    "/": pages_alerts.overview,
    "/alerts": pages_alerts.alerts,
    "/alerts/{number:int}": pages_alerts.one_alert,
    "/timeline": pages_sums.over_time,
    "/top": pages_sums.top,
    "/rules": pages_sums.rules,
    "/sources": pages_sums.sources,
    "/about": pages_subjects.about,
    "/investigation": pages_investigation.investigation,
    "/bans": pages_subjects.bans,
    "/blackbox": pages_evidence.blackbox,
    "/requests": pages_evidence.requests,
    "/reports": pages_evidence.reports,
    "/reports/{number:int}": pages_evidence.report,
    "/reports/day": pages_day.day,
    "/login": pages_login.login_page,
}

CHANGES = {
    "/bans/ban": pages_subjects.ban,
    "/bans/unban": pages_subjects.unban,
    "/logout": pages_login.logout,
}
"""What changes something: each by a form with its session's own word in it."""


def application(site: Site, ended: Callable[[], bool] = lambda: False) -> Application:
    """The dashboard, as ASGI has it. `ended` says that the server is about to end."""
    live = Live(site, ended)
    held = {each.name: each.read_bytes() for each in files("vigilog.web").joinpath("static").iterdir()}

    async def static(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in held:
            return Response("There is no such file.\n", 404)
        headers = {"cache-control": "max-age=300"}
        return Response(held[name], media_type=TYPES[name.rpartition(".")[2]], headers=headers)

    async def missing(request: Request, _error: Exception) -> Response:
        return site.wrong(request, 404, "There is no such page.")

    routes = [
        *(Route(path, shows(site, page), methods=["GET"]) for path, page in PAGES.items()),
        *(Route(path, changes(site, change), methods=["POST"]) for path, change in CHANGES.items()),
        Route("/login", pages_login.Login(site).__call__, methods=["POST"]),
        Route("/live", live.__call__, methods=["GET"]),
        Route("/static/{name}", static, methods=["GET"]),
    ]
    made = Starlette(routes=routes, lifespan=live.working, exception_handlers={404: missing})
    return Door(made, site.entrance, site.sessions)
