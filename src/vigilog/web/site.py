"""What all pages share: what is known, how it is rendered, and what a request says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Any
from urllib.parse import parse_qs

from jinja2 import Environment
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from vigilog.config.settings import Settings
from vigilog.core.clock import Clock
from vigilog.core.errors import VigilogError
from vigilog.core.visible import visible_line
from vigilog.glance.follower import Follower
from vigilog.web.entrance import Entrance
from vigilog.web.rendering import environment
from vigilog.web.sessions import Session, Sessions

LARGEST_FORM = 16 * 1024

NAVIGATION = (
    ("/", "Overview"),
    ("/alerts", "Alerts"),
    ("/timeline", "Timeline"),
    ("/top", "Top"),
    ("/bans", "Bans"),
    ("/rules", "Rules"),
    ("/sources", "Sources"),
    ("/blackbox", "Black box"),
    ("/requests", "Requests"),
    ("/reports", "Reports"),
)

Form = Mapping[str, str]


@dataclass(frozen=True)
class Site:
    """The dashboard: what it follows, who may come in, and what makes its pages."""

    settings: Settings
    follower: Follower
    entrance: Entrance
    sessions: Sessions
    clock: Clock
    environment: Environment = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "environment", environment(self.clock))

    def page(self, request: Request, template: str, status: int = 200, /, **values: object) -> Response:
        """A whole page."""
        session = session_of(request)
        held = {
            "navigation": NAVIGATION,
            "here": request.url.path,
            "csrf": session.csrf if session else "",
            "user": session.user if session else "",
            "may_leave": session is not None and self.entrance.login in {"password", "key"},
            "daemon": self.follower.daemon,
            "trouble": self.follower.trouble,
            "caught_up": self.follower.caught_up.is_set(),
            "now": self.clock(),
        }
        return HTMLResponse(self.environment.get_template(template).render(**{**held, **values}), status)

    def wrong(self, request: Request, status: int, text: str) -> Response:
        """A page that says what is wrong."""
        return self.page(request, "wrong.html", status, text=text)


def session_of(request: Request) -> Session | None:
    """Who asks."""
    session: Session | None = request.scope.get("vigilog.session")
    return session


def asked(request: Request) -> Form:
    """What stands behind the question mark of an address, the first of each name."""
    return _first(request.scope["query_string"].decode("latin-1"))


def whole(text: str | None, least: int, most: int, default: int) -> int:
    """A whole number within limits; `default` where it is none."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 12:
        return default
    return min(most, max(least, int(text)))


Page = Callable[[Site, Request], Response]
Change = Callable[[Site, Request, Form], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


def shows(site: Site, page: Page) -> Endpoint:
    """An endpoint that shows something; what cannot be read is a page that says so."""

    async def endpoint(request: Request) -> Response:
        try:
            return await run_in_threadpool(page, site, request)
        except VigilogError as error:
            return site.wrong(request, 503, str(error))

    return endpoint


def changes(site: Site, change: Change) -> Endpoint:
    """An endpoint that changes something: only for a form of ours, sent by whoever is logged in."""

    async def endpoint(request: Request) -> Response:
        form = await form_of(request)
        if form is None:
            return PlainTextResponse("The form is too long.\n", 413)
        session = session_of(request)
        if session is None or not compare_digest(form.get("csrf", "").encode("utf-8", "replace"), session.csrf.encode()):
            return PlainTextResponse("This form is not of your session; load its page again.\n", 403)
        try:
            return await run_in_threadpool(change, site, request, form)
        except VigilogError as error:
            return site.wrong(request, 502, str(error))

    return endpoint


async def form_of(request: Request) -> Form | None:
    """What a form says; None if it says too much."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST_FORM:
            return None
    return _first(body.decode("latin-1"))


def own_path(path: str) -> str:
    """`path` if it leads to a page of ours, else the first one."""
    right = path.startswith("/") and not path.startswith(("//", "/\\")) and visible_line(path) == path and "\\" not in path
    return path if right else "/"


def back(path: str) -> Response:
    """Leads to a page of ours."""
    return RedirectResponse(own_path(path), 303)


def _first(text: str) -> dict[str, str]:
    values: dict[str, list[str]] = parse_qs(text, keep_blank_values=True, errors="surrogateescape", max_num_fields=50)
    return {name: held[0] for name, held in values.items()}


def plain(values: Mapping[str, Any], name: str) -> str:
    """A value without the blanks around it."""
    return str(values.get(name, "")).strip()
