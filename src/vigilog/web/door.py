"""What stands before every page: the name that is asked for, who asks, from which page, and what the browser is
told never to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from vigilog.web.entrance import Entrance
from vigilog.web.sessions import Session, Sessions

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN = ("/login", "/static/")
"""What is answered to everybody."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class Door:
    """Lets requests through to `application` with a session, and says no to the others."""

    def __init__(self, application: Application, entrance: Entrance, sessions: Sessions) -> None:
        self._application, self._entrance, self._sessions = application, entrance, sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, as ASGI has it."""
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
            return
        if scope["type"] != "http":
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
            await send(message)

        headers = Headers(scope=scope)
        session = self._session(headers)
        refusal = self._refusal(scope, headers, session)
        if refusal is not None:
            await refusal(scope, receive, guarded)
            return
        scope["vigilog.session"] = session
        await self._application(scope, receive, guarded)

    def _session(self, headers: Headers) -> Session | None:
        entrance = self._entrance
        if entrance.login == "none":
            return self._sessions.of_user("")
        if entrance.login == "proxy":
            users = headers.getlist(entrance.header)
            return self._sessions.of_user(users[0]) if len(users) == 1 and users[0] else None
        return self._sessions.find(cookie_parser(headers.get("cookie", "")).get(entrance.cookie, ""))

    def _refusal(self, scope: Scope, headers: Headers, session: Session | None) -> Response | None:
        entrance = self._entrance
        if entrance.login == "proxy" and _address(scope) not in entrance.proxies:
            return PlainTextResponse("Only the reverse proxy may ask here.\n", 403)
        host = headers.get("host", "")
        if entrance.names and name_of(host) not in entrance.names:
            return PlainTextResponse("It is not reached under this name; [web] names has those it is.\n", 421)
        if scope["method"] not in {"GET", "HEAD", "POST"}:
            return PlainTextResponse("GET and POST only.\n", 405, {"allow": "GET, HEAD, POST"})
        if scope["method"] == "POST" and is_foreign(headers, host):
            return PlainTextResponse("This was sent from a page of somebody else.\n", 403)
        if session is not None or scope["path"].startswith(OPEN):
            return None
        if entrance.login == "proxy":
            return PlainTextResponse(f"The reverse proxy names no user in {entrance.header}.\n", 403)
        if scope["method"] == "POST" or scope["path"] == "/live":
            return PlainTextResponse("Log in first.\n", 401)
        query = "?" + scope["query_string"].decode("latin-1") if scope["query_string"] else ""
        return RedirectResponse(f"/login?next={quote(scope['path'] + query, safe='')}", 303)


def name_of(host: str) -> str:
    """The name or address in a Host header, without its port."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
    return name.lower().rstrip(".")


def is_foreign(headers: Headers, host: str) -> bool:
    """Whether a browser says that a form stood on another page than ours."""
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return True
    origin = headers.get("origin")
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc.lower() != host.lower()
    except ValueError:
        return True


def _address(scope: Scope) -> str:
    client = scope.get("client")
    if not client:
        return ""
    try:
        found = ip_address(client[0])
    except ValueError:
        return ""
    return str(getattr(found, "ipv4_mapped", None) or found)
