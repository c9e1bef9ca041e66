"""The ledger around an ASGI application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import quote

from vigilog.ledger.headers import CanonicalHeaders
from vigilog.ledger.ledger import Ledger

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

STATE = "forensic-id"
"""Under this key a request's name is in `scope["state"]`."""

_LAST = {
    "http.response.body": "more_body",
    "http.response.zerocopysend": "more_body",
    "http.response.pathsend": "",
    "http.response.trailers": "more_trailers",
    "websocket.close": "",
    "websocket.http.response.body": "more_body",
}
"""After these messages there is nothing more to send, unless the key named here is true in them."""
_STARTS = frozenset(("http.response.start", "websocket.http.response.start", "websocket.accept"))
_VERSIONS = {"1.1": b" HTTP/1.1", "1.0": b" HTTP/1.0", "2": b" HTTP/2.0", "3": b" HTTP/3.0", "0.9": b""}


class AsgiLedger:
    """Runs `app` and enters its HTTP requests and websockets in `ledger` (a Ledger, or text for one); the rest passes by.

    The first line is written before `app` sees the request, the second when the last of the response has been handed to the
    server, or when `app` has ended, by whatever means, and has not sent that. The request's name is in
    `scope["state"]["forensic-id"]`, and with `response_header` in a response header of that name.
    """

    def __init__(self, app: Application, ledger: Ledger | str, *, response_header: str = "") -> None:
        self._app = app
        self._begin = (Ledger(ledger) if isinstance(ledger, str) else ledger).begin
        self._headers = CanonicalHeaders().of_asgi
        self._response_header = response_header.lower().encode("latin-1")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, websocket or lifespan."""
        kind = scope["type"]
        if kind not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        entry = self._begin(_request_line(scope, kind), self._headers(scope["headers"]))
        try:
            scope["state"][STATE] = entry.identifier
        except KeyError:
            scope["state"] = {STATE: entry.identifier}
        if self._response_header:
            send = _naming(send, self._response_header, entry.identifier)
        trailers = False

        # Not a coroutine itself: most messages need none but the server's own.
        def passed_on(message: Message) -> Awaitable[None]:
            nonlocal trailers
            kind = message["type"]
            if kind in _LAST:
                if not message.get(_LAST[kind]) and (not trailers or kind == "http.response.trailers"):
                    return finishing(message)
            elif kind == "http.response.start":
                trailers = bool(message.get("trailers"))
            return send(message)

        async def finishing(message: Message) -> None:
            await send(message)
            entry.end()

        try:
            await self._app(scope, receive, passed_on)
        finally:
            entry.end()


def _request_line(scope: Scope, kind: str) -> bytes:
    # A websocket begins as a GET, or in HTTP/2 as a CONNECT (RFC 8441).
    version = scope.get("http_version", "1.1")
    method = scope["method"].encode("latin-1") if kind == "http" else b"GET" if version < "2" else b"CONNECT"
    target = scope.get("raw_path") or _quoted(scope["path"])
    if query := scope["query_string"]:
        target = b"%b?%b" % (target, query)
    # Servers that do not know how a websocket came give no version.
    ending = _VERSIONS.get(version)
    return b"%b %b%b" % (method, target, ending if ending is not None else b" HTTP/" + version.encode("latin-1"))


def _quoted(path: str) -> bytes:
    from urllib.parse import quote  # noqa: PLC0415 - most servers keep the target

    return quote(path, safe="/;=,~@:!$&'()*+").encode("ascii")


def _naming(send: Send, name: bytes, identifier: str) -> Send:
    header = (name, identifier.encode("ascii"))

    def named(message: Message) -> Awaitable[None]:
        if message["type"] in _STARTS:
            headers = list(message.get("headers") or ())
            if not any(bytes(key).lower() == name for key, _ in headers):
                message = {**message, "headers": [*headers, header]}
        return send(message)

    return named
