"""The ledger around an ASGI application."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from vigilog.ledger.asgi_fields import asgi_fields
from vigilog.ledger.headers import header_name
from vigilog.ledger.ledger import Ledger

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

STATE = "forensic-id"
"""Under this key a request's name is in `scope["state"]`."""

_ENTERED = frozenset(("http", "websocket"))
_LAST = {
    "http.response.zerocopysend": "more_body",
    "http.response.pathsend": "",
    "http.response.trailers": "more_trailers",
    "websocket.close": "",
    "websocket.http.response.body": "more_body",
}
"""As after http.response.body, there is nothing more to send after these, unless the key named here is true in them."""
_STARTS = frozenset(("http.response.start", "websocket.http.response.start", "websocket.accept"))


class AsgiLedger:
    """Runs `app` and enters its HTTP requests and websockets in `ledger` (a Ledger, or the file or `|program` for one); the
    rest passes by.

    The first line is written before `app` sees the request, the second when the last of the response has been handed to the
    server, or when `app` has ended, by whatever means, and has not sent that. The request's name is in
    `scope["state"]["forensic-id"]`, and with `response_header` in a response header of that name. Raises ConfigurationError.
    """

    def __init__(self, app: Application, ledger: Ledger | str | os.PathLike[str], *, response_header: str = "") -> None:
        self._app = app
        self._enter = (Ledger(ledger) if isinstance(ledger, str | os.PathLike) else ledger).enter
        self._fields = asgi_fields()
        self._response_header = header_name(response_header).lower().encode("ascii") if response_header else b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, websocket or lifespan."""
        if scope["type"] not in _ENTERED:
            await self._app(scope, receive, send)
            return
        headers = scope["headers"]
        if type(headers) is not list:
            # ASGI promises no more than something to go through, and that may be possible only once.
            headers = scope["headers"] = list(headers)
        identifier, write, last_line = self._enter(headers, self._fields(scope, headers))
        if "state" in scope:
            scope["state"][STATE] = identifier
        else:
            scope["state"] = {STATE: identifier}
        if self._response_header:
            send = _naming(send, self._response_header, identifier)
        trailers = over = False

        async def passed_on(message: Message) -> None:
            nonlocal trailers, over
            kind = message["type"]
            if kind == "http.response.body":
                last = not trailers and not message.get("more_body")
            elif kind == "http.response.start":
                trailers = bool(message.get("trailers"))
                last = False
            else:
                last = kind in _LAST and not message.get(_LAST[kind]) and (not trailers or kind == "http.response.trailers")
            await send(message)
            if last and not over:
                over = True
                write(last_line)

        try:
            await self._app(scope, receive, passed_on)
        finally:
            if not over:
                write(last_line)


def _naming(send: Send, name: bytes, identifier: str) -> Send:
    header = (name, identifier.encode("ascii"))

    def named(message: Message) -> Awaitable[None]:
        if message["type"] in _STARTS:
            headers = list(message.get("headers") or ())
            if not any(bytes(key).lower() == name for key, _ in headers):
                message = {**message, "headers": [*headers, header]}
        return send(message)

    return named
