"""Real servers with an application that has a ledger, and a client that knows which of its requests were answered."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from vigilog.parse.forensic_line import ForensicLine, forensic_line

PATIENCE = 60

APPLICATION = '''
import asyncio, logging, os, sys, time
from vigilog.ledger import AsgiLedger, ForensicIdFilter, Ledger, UniqueIdentifiers, WsgiLedger

def begun(query):
    """Says that a request is being worked on: which, and by whom."""
    file = os.open(os.environ["BEGUN"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, b"%s %d\\n" % (query, os.getpid()))
    os.close(file)

async def asgi_application(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    path = scope["path"]
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})
        return
    if path == "/hang":
        begun(scope["query_string"])
        await asyncio.sleep(1000)
    if path == "/slow":
        await asyncio.sleep(0.002)
    if path == "/boom":
        raise RuntimeError("boom")
    if path == "/body":
        while (message := await receive())["type"] == "http.request" and message.get("more_body"):
            pass
        if message["type"] == "http.disconnect":
            return
    if path == "/push" and "http.response.push" in scope.get("extensions", {}):
        await send({"type": "http.response.push", "path": "/pushed", "headers": []})
    parts = [b"hello"] * (1000 if path == "/stream" else 1)
    length = str(sum(map(len, parts))).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
    for number, part in enumerate(parts):
        await send({"type": "http.response.body", "body": part, "more_body": number + 1 < len(parts)})

def wsgi_application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/hang":
        begun(environ["QUERY_STRING"].encode())
        time.sleep(1000)
    if path == "/slow":
        time.sleep(0.002)
    if path == "/boom":
        raise RuntimeError("boom")
    if path == "/body":
        environ["wsgi.input"].read()
    if path == "/file":
        start_response("200 OK", [("Content-Length", str(os.path.getsize(__file__)))])
        return environ["wsgi.file_wrapper"](open(__file__, "rb"))
    if path == "/stream":
        start_response("200 OK", [("Content-Length", "5000")])
        return (b"hello" for _ in range(1000))
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]

identifiers = UniqueIdentifiers() if os.environ.get("IDENTIFIERS") == "unique" else None
ledger = Ledger(os.environ["LEDGER"], root=os.environ["ROOT"], identifiers=identifiers)
asgi = AsgiLedger(asgi_application, ledger, response_header="X-Forensic-Id")
wsgi = WsgiLedger(wsgi_application, ledger, response_header="X-Forensic-Id")
'''

GUNICORN = "gunicorn --bind 127.0.0.1:{port} --graceful-timeout 1 --timeout 300 --workers {workers} --chdir {root}"
COMMANDS = {
    "uvicorn": "uvicorn --port {port} --workers {workers} --app-dir {root} --timeout-graceful-shutdown 1 application:asgi",
    "hypercorn": "hypercorn --bind 127.0.0.1:{port} --workers {workers} --graceful-timeout 1 application:asgi",
    "gunicorn": f"{GUNICORN} application:wsgi",
    "gunicorn-threads": f"{GUNICORN} --worker-class gthread --threads 8 application:wsgi",
    "gunicorn-preload": f"{GUNICORN} --preload --worker-class gthread --threads 8 application:wsgi",
    "gunicorn-uvicorn": f"{GUNICORN} --worker-class uvicorn.workers.UvicornWorker application:asgi",
    "gunicorn-uvicorn-preload": f"{GUNICORN} --preload --worker-class uvicorn.workers.UvicornWorker application:asgi",
    "gunicorn-asgi": f"{GUNICORN} --worker-class asgi application:asgi",
}


class Served:
    """A running server. `root` holds the application, `log` is the ledger."""

    def __init__(self, root: Path, port: int, process: subprocess.Popen[bytes]) -> None:
        self.root, self.port, self.process = root, port, process
        self.log = root / "forensic.log"

    def ask(self, request: bytes) -> bytes:
        """What comes back for a request, until the connection is closed."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as client:
            client.sendall(request)
            return b"".join(iter(lambda: client.recv(65536), b""))

    def begin(self, request: bytes) -> socket.socket:
        """Sends a request and waits for nothing."""
        client = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        client.sendall(request)
        return client

    def lines(self) -> list[ForensicLine]:
        """The ledger, whose every line must be whole."""
        text = self.log.read_bytes() if self.log.exists() else b""
        assert not text or text.endswith(b"\n")
        found = [forensic_line(line) for line in text.split(b"\n")[:-1]]
        assert None not in found
        assert not any(line.damaged for line in found if line)
        return [line for line in found if line]

    def open(self) -> dict[bytes, bytes]:
        """Request lines by the ID of those that are not over. Each must have been opened once, and closed at most once."""
        ids: dict[bytes, bytes] = {}
        seen: set[tuple[str, bytes]] = set()
        for line in self.lines():
            assert (line.sign, line.id) not in seen
            seen.add((line.sign, line.id))
            if line.sign == "+":
                ids[line.id] = line.request
            else:
                del ids[line.id]
        return ids

    def begun(self) -> dict[str, int]:
        """The process that works on each request that hangs, by its query."""
        path = self.root / "begun"
        words = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
        return {query: int(process) for query, process in words}

    def until(self, happened, otherwise: object = "it did not happen") -> None:
        """Waits until something is so."""
        deadline = time.monotonic() + PATIENCE
        while not happened():
            assert time.monotonic() < deadline, otherwise() if callable(otherwise) else otherwise
            time.sleep(0.02)


@contextlib.contextmanager
def serving(
    kind: str, root: Path, workers: int = 3, ledger: str = "forensic.log", identifiers: str = "", *, ready: bool = True
) -> Iterator[Served]:
    """A server of that kind, once it answers if it shall be `ready`. It is ended, and what it started, at the end."""
    (root / "application.py").write_text(APPLICATION)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = COMMANDS[kind].format(port=port, workers=workers, root=root).split()
    environment = {
        **os.environ,
        "LEDGER": ledger,
        "ROOT": str(root),
        "BEGUN": str(root / "begun"),
        "IDENTIFIERS": identifiers,
        "PYTHONPATH": str(root),
    }
    with (root / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *words], cwd=root, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    served = Served(root, port, process)
    try:

        def answers() -> bool:
            assert process.poll() is None, (root / "server.log").read_text()
            with contextlib.suppress(OSError):
                return b"hello" in served.ask(b"GET /ready HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            return False

        if ready:
            served.until(answers, (root / "server.log").read_text)
        yield served
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        # Its workers, too, which are in its session.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class Client:
    """Asks one question after the other, on a connection that is kept if the server keeps it, until told to stop. `answered` and
    `unanswered` are the numbers of its requests."""

    def __init__(self, port: int, name: str) -> None:
        self.port, self.name = port, name
        self.answered: set[str] = set()
        self.unanswered: set[str] = set()
        self.stopping = False
        self.thread = threading.Thread(target=self._work)
        self.thread.start()

    def stop(self) -> None:
        """Waits for the last answer."""
        self.stopping = True
        self.thread.join()

    def _work(self) -> None:
        chance = random.Random(self.name)
        number = 0
        connection: socket.socket | None = None
        while not self.stopping:
            number += 1
            query = f"{self.name}-{number}"
            path = chance.choice(["/", "/", "/slow", "/stream"])
            request = f"GET {path}?{query} HTTP/1.1\r\nHost: h:1\r\nX-Odd: a|b%c\r\n\r\n".encode()
            try:
                if connection is None:
                    connection = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
                connection.sendall(request)
                keeps = _answer(connection)
            except OSError:
                self.unanswered.add(query)
                keeps = False
            else:
                self.answered.add(query)
            if not keeps and connection:
                connection.close()
                connection = None
        if connection:
            connection.close()


def _answer(connection: socket.socket) -> bool:
    """Reads a whole response; whether the connection is kept."""
    read = b""
    while b"\r\n\r\n" not in read:
        if not (part := connection.recv(65536)):
            raise ConnectionResetError
        read += part
    head, _, body = read.partition(b"\r\n\r\n")
    lower = head.lower()
    length = int(lower.partition(b"content-length:")[2].partition(b"\r\n")[0])
    while len(body) < length:
        if not (part := connection.recv(65536)):
            raise ConnectionResetError
        body += part
    return b"connection: close" not in lower


def query_of(request: bytes) -> str:
    """The query of a request line."""
    return request.split(b" ")[1].partition(b"?")[2].decode()
