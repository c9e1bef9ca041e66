"""One HTTP POST, within a time limit that holds for all of it. No redirects, no proxies, no cookies."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from vigilog.core.errors import ConfigurationError

_CONNECT = 5.0
_READ = 4096
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "idempotency-key", "expect"})
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True)
class Target:
    """Where to post: `tls` says whether by https; `path` has the query; `name` is what may be shown (paths hold secrets)."""

    tls: bool
    host: str
    port: int
    path: str
    name: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said: its status and the word for it, and in how many seconds it wants to be asked again, if it said."""

    status: int
    word: str
    again: float | None


def target(url: str) -> Target:
    """Reads a URL. Raises ConfigurationError for all but http and https with a host, and for a password in it."""
    try:
        parts: SplitResult = urlsplit(url)
        host, port = parts.hostname, parts.port
        (host or "").encode("idna")
    except ValueError as error:
        raise ConfigurationError(f"the URL of a webhook: {error}", expected="http:// or https:// and a host") from error
    if parts.scheme not in ("http", "https") or not host or re.search(r"[^\x21-\x7e]", url):
        raise ConfigurationError("the URL of a webhook", expected="http:// or https:// and a host, without blanks")
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError("a password in the URL of a webhook", remedy="set the header Authorization in its place")
    tls = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(tls, host, port or (443 if tls else 80), path, f"{parts.scheme}://{parts.netloc}")


def checked_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    """`headers`, if a configuration may set them. Raises ConfigurationError for others."""
    for name, value in headers.items():
        if not _HEADER.fullmatch(name) or re.search(r"[^\t\x20-\x7e]", value):
            raise ConfigurationError(f"the header {name!r} of a webhook", expected="a name and a value in printable ASCII")
        if name.lower() in _OURS:
            raise ConfigurationError(f"the header {name} is set by Vigilog itself", remedy="leave it out")
    return headers


class Line:
    """The way to one server. `cut` may be called from another thread: it ends the request that is under way."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._handle: socket.socket | None = None
        self._ending = threading.Lock()
        self._tls: ssl.SSLContext | None = None

    def post(self, body: bytes, headers: Mapping[str, str], limit: float) -> Answer:
        """Posts `body` within `limit` seconds. Raises OSError or http.client.HTTPException when there is no answer."""
        to = self._target
        raw = socket.create_connection((to.host, to.port), min(_CONNECT, limit))
        # A second descriptor of the same connection: shutting it down ends a TLS handshake as well.
        handle = raw.dup()
        passed = threading.Event()

        def end() -> None:
            passed.set()
            _shut(handle)

        late = threading.Timer(limit, end)
        late.daemon = True
        with self._ending:
            self._handle = handle
        late.start()
        try:
            raw.settimeout(limit)
            return _exchange(to, self._dressed(raw), body, headers)
        except (OSError, http.client.HTTPException) as error:
            if passed.is_set() or isinstance(error, TimeoutError):
                raise TimeoutError(f"not within {limit:g} seconds") from error
            raise
        finally:
            late.cancel()
            with self._ending:
                self._handle = None
            late.join()
            handle.close()
            raw.close()

    def cut(self) -> None:
        """Ends the request under way, if there is one."""
        with self._ending:
            if self._handle is not None:
                _shut(self._handle)

    def _dressed(self, raw: socket.socket) -> socket.socket:
        if not self._target.tls:
            return raw
        # Reading all certificates of the system takes some time: once is enough.
        self._tls = self._tls or ssl.create_default_context()
        return self._tls.wrap_socket(raw, server_hostname=self._target.host)


def _exchange(to: Target, way: socket.socket, body: bytes, headers: Mapping[str, str]) -> Answer:
    # Making the connection ourselves and handing it over keeps environment proxies and second hosts out of it.
    connection = http.client.HTTPConnection(to.host, to.port)
    connection.default_port = 443 if to.tls else 80
    try:
        connection.sock = way
        connection.request("POST", to.path, body, {**headers, "Connection": "close"})
        answer = connection.getresponse()
        answer.read(_READ)
        return Answer(answer.status, answer.reason, _seconds(answer.getheader("Retry-After")))
    finally:
        connection.close()


def _seconds(value: str | None) -> float | None:
    return float(value) if value and re.fullmatch(r"[0-9]{1,9}", value.strip()) else None


def _shut(handle: socket.socket) -> None:
    with suppress(OSError):
        handle.shutdown(socket.SHUT_RDWR)
