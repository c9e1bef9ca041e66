"""Where Prometheus finds the metrics: a small HTTP server on the loopback, for a loop that must never wait, and a file for the
node exporter's textfile collector."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address

from vigilog.core.clock import Clock
from vigilog.core.errors import ConfigurationError, StoreError
from vigilog.core.nouns import Place
from vigilog.run.connection import Answer, Limits, Reply
from vigilog.run.connections import Connections
from vigilog.run.exposition import CONTENT_TYPE

_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout",
            431: "Request Header Fields Too Large", 503: "Service Unavailable", 505: "HTTP Version Not Supported"}  # fmt: skip
_BACKLOG = 16


class Metrics:
    """Serves `GET /metrics` at `listen`, an ADDRESS:PORT of the loopback ([::1]:9273 for IPv6; port 0: any free one).

    Raises ConfigurationError if that is something else or in use. `steady`: seconds that never go back.
    """

    def __init__(self, listen: str, steady: Clock = time.monotonic) -> None:
        self._listener = _listening(listen)
        self._connections = Connections(self._listener, _LIMITS, lambda _connection: True, steady)

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._listener.getsockname()[1]
        return port

    def fileno(self) -> int:
        """The one descriptor to select on, for reading."""
        return self._connections.fileno()

    def timeout(self) -> float | None:
        """Call `serve` after this many seconds at the latest; None: only when the descriptor is readable."""
        return self._connections.timeout()

    def serve(self, render: Callable[[], bytes]) -> None:
        """Handles whatever is ready, without waiting for anybody. `render` gives the metrics and is called when asked for."""
        self._connections.serve(_answering(render))

    def close(self) -> None:
        """Stops listening."""
        self._connections.close()


def written(path: str, metrics: bytes) -> None:
    """Writes the metrics to `path`, readable by everybody; whoever reads it sees all of the old ones or of the new ones.

    Raises StoreError if it cannot be written; nothing is followed or overwritten that somebody else put in the way.
    """
    # The collector reads names that end in .prom only.
    new = f"{path}.{os.getpid()}"
    try:
        with suppress(FileNotFoundError):
            os.unlink(new)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        with open(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o644)
            file.write(metrics)
        os.rename(new, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(new)
        raise StoreError(f"the metrics cannot be written: {error.strerror}", place=Place(path)) from error


def _answering(render: Callable[[], bytes]) -> Answer:
    def answer(received: bytearray, ended: bool) -> Reply | None:
        head, blank, _rest = received.replace(b"\r\n", b"\n").partition(b"\n\n")
        if not blank:
            return iter([]) if ended else None
        line = bytes(head.split(b"\n", 1)[0])
        return iter([_response(line.split(b" "), render)])

    return answer


def _response(words: list[bytes], render: Callable[[], bytes]) -> bytes:
    """The answer to a request line (RFC 9112): the words of it."""
    if len(words) != 3 or not words[2].startswith(b"HTTP/"):
        return _told(400)
    method, target, version = words
    if target.startswith(b"http://"):
        target = b"/" + target.removeprefix(b"http://").partition(b"/")[2]
    if not version.startswith(b"HTTP/1."):
        return _told(505)
    if target.split(b"?", 1)[0] != b"/metrics":
        return _told(404, text=b"The metrics are at /metrics\n")
    if method not in {b"GET", b"HEAD"}:
        return _told(405, more="Allow: GET, HEAD\r\n")
    return _told(200, text=render(), kind=CONTENT_TYPE, whole=method == b"GET")


def _told(status: int, *, text: bytes | None = None, kind: str = "text/plain", more: str = "", whole: bool = True) -> bytes:
    body = f"{_REASONS[status]}\n".encode() if text is None else text
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        f"{more}Cache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + (body if whole else b"")


_LIMITS = Limits(
    request_bytes=16 * 1024,
    request_seconds=5.0,
    pending_seconds=0.0,
    answer_seconds=10.0,
    clients=16,
    too_long=_told(431),
    too_late=_told(408),
    too_many=_told(503),
)


def _listening(listen: str) -> socket.socket:
    host, colon, port = listen.rpartition(":")
    place = Place("[run] metrics_listen")
    expected = "an address and a port of the loopback, such as 127.0.0.1:9273"
    try:
        address = ip_address({"localhost": "127.0.0.1"}.get(host, host.removeprefix("[").removesuffix("]")))
        number = int(port) if port.isdecimal() else -1
    except ValueError:
        raise ConfigurationError(repr(listen), place=place, expected=expected) from None
    if not colon or not address.is_loopback or not 0 <= number <= 65535:
        raise ConfigurationError(repr(listen), place=place, expected=expected)
    listener = socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((str(address), number))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        found = f"{listen} cannot be listened at: {error.strerror}"
        raise ConfigurationError(found, place=place, remedy="look who does: ss -ltnp") from error
    return listener
