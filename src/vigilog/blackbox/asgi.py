"""Middleware for ASGI applications: a session for each request and each websocket.

    app = BlackBoxMiddleware(app, box, slow=2.0)

The session is at work while the application is called for it (vigilog.blackbox.CURRENT). Its block's header has the
client and the server as the server interface tells them, and Method, Path (without the query) and Status. Byte counts
are those of bodies and of websocket messages. What the application raises is raised on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, MutableMapping
from contextlib import suppress
from typing import Any

from vigilog.blackbox.current import CURRENT
from vigilog.blackbox.facts import Facts
from vigilog.blackbox.request import Beginning, Conditions, Request, size_of

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

INTERNAL_ERROR = 1011
"""The code by which a websocket is closed because of an error of the server's."""


class BlackBoxMiddleware:
    """Writes a block of a request when the application raises an exception, or answers with a status of 500 or more; when its
    answer begins more than `slow` seconds after the request; when its status is one of `failed_logins`, as (401, 403).
    That a login failed the application can also say by itself: `CURRENT.get().failed_login("user")`.

    A websocket is one session from its opening to its end; it is written when the application raises, or closes it with 1011.
    `slow` does not count for it. Neither a client that goes away nor a cancellation is a failure. Lifespan events are
    handed on.
    """

    def __init__(
        self, app: Application, box: Beginning, *, slow: float | None = None, failed_logins: Collection[int] = ()
    ) -> None:
        self.app = app
        self.box = box
        self._http = Conditions(slow, frozenset(failed_logins))
        self._websocket = Conditions(None, self._http.failed_logins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3."""
        kind = scope.get("type")
        if kind not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        request = Request(self.box.begin(_known(scope)), self._http if kind == "http" else self._websocket)
        client = _Client(request, receive, send)
        token = CURRENT.set(request.session)
        try:
            await self.app(scope, client.receive, client.send)
        except BaseException as error:
            if (client.gone and isinstance(error, OSError)) or type(error).__name__ == "ClientDisconnect":
                request.done()
            else:
                request.failed(error)
            raise
        else:
            request.done()
        finally:
            with suppress(ValueError):
                CURRENT.reset(token)


class _Client:
    """The two ends of the connection, and what passes there."""

    __slots__ = ("_receive", "_request", "_send", "gone")

    def __init__(self, request: Request, receive: Receive, send: Send) -> None:
        self._request = request
        self._receive = receive
        self._send = send
        self.gone = False

    async def receive(self) -> Event:
        event = await self._receive()
        kind = event.get("type")
        if kind == "http.request":
            self._request.received(size_of(event.get("body")))
        elif kind == "websocket.receive":
            self._request.received(_size(event))
        elif kind in ("http.disconnect", "websocket.disconnect"):
            self.gone = True
        return event

    async def send(self, event: Event) -> None:
        kind = event.get("type")
        if kind in ("http.response.body", "websocket.http.response.body"):
            self._request.sent(size_of(event.get("body")))
        elif kind in ("http.response.start", "websocket.http.response.start"):
            self._request.answered(event.get("status", 0))
        elif kind == "websocket.send":
            self._request.sent(_size(event))
        elif kind == "websocket.accept":
            self._request.answered(101)
        elif kind == "websocket.close" and event.get("code") == INTERNAL_ERROR:
            self._request.answered(500)
        try:
            await self._send(event)
        except OSError:
            self.gone = True
            raise


def _size(event: Event) -> int:
    text = event.get("text")
    return len(text.encode("utf-8", "replace")) if isinstance(text, str) else size_of(event.get("bytes"))


def _known(scope: Scope) -> Facts:
    try:
        return _facts(scope)
    except Exception:  # noqa: BLE001 - a server interface of an unusual kind; the request has to be served
        return Facts()


def _facts(scope: Scope) -> Facts:
    client, server = scope.get("client"), scope.get("server")
    state = scope.get("state")
    facts = Facts(
        client_address=str(client[0]) if client else None,
        server_address=f"{server[0]}:{server[1]}" if server and server[1] is not None else server[0] if server else None,
        protocol=scope.get("scheme"),
        unique_id=state.get("forensic-id") if state else None,
    )
    facts.extra["Method"] = scope.get("method", "WEBSOCKET")
    facts.extra["Path"] = scope.get("path", "")
    return facts
