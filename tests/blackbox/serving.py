"""Real web servers with an application that carries the black box, and a plain client."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

HEAD = """
import logging, os, signal, time
from vigilog.blackbox import BlackBox, CURRENT
from vigilog.blackbox.recorder import Recorder
log = logging.getLogger("shop")
box = BlackBox({file!r}, directory={directory!r}, service="shop")
recorder = Recorder(box).start()
"""
ASGI = """
import asyncio
from vigilog.blackbox.asgi import BlackBoxMiddleware

async def shop(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            event = await receive()
            await send({"type": event["type"] + ".complete"})
            if event["type"] == "lifespan.shutdown": return
    log.debug("asked for %s", scope["path"])
    if scope["type"] == "websocket": return await socket(scope, receive, send)
    path = scope["path"]
    async def answer(status, *parts):
        await send({"type": "http.response.start", "status": status, "headers": []})
        for number, part in enumerate(parts, 1):
            await send({"type": "http.response.body", "body": part, "more_body": number < len(parts)})
    if path == "/ok": await answer(200, b"well")
    elif path == "/500": await answer(503, b"ill")
    elif path == "/401": await answer(401, b"who?")
    elif path == "/raise": {}["missing"]
    elif path == "/slow": await asyncio.sleep(2.5); await answer(200, b"at last")
    elif path == "/stream": await answer(200, *(b"x" * 1000 for _ in range(10)), b"")
    elif path == "/broken":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        raise RuntimeError("in the middle")
    elif path == "/login":
        log.info("wrong password of %s", ["joe"])
        CURRENT.get().failed_login("joe")
        await answer(200, b"try again")
    elif path == "/echo":
        body = b""
        while True:
            event = await receive()
            body += event.get("body", b"")
            if not event.get("more_body"): break
        await answer(500, body)
    elif path == "/forever":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            await send({"type": "http.response.body", "body": b"x" * 100, "more_body": True})
            await asyncio.sleep(0.01)
            if CURRENT.get().facts.total_bytes_out > 3000: break
        await send({"type": "http.response.body", "body": b""})
    elif path == "/kill": os.kill(os.getpid(), signal.SIGKILL)
    else: await answer(404, b"")

async def socket(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        log.debug("heard %s", event["text"])
        if event["text"] == "raise": raise RuntimeError("in the socket")
        await send({"type": "websocket.send", "text": event["text"].upper()})

app = BlackBoxMiddleware(shop, recorder, slow=2.0, failed_logins=(401,))
"""
WSGI = """
from vigilog.blackbox.wsgi import BlackBoxMiddleware

def shop(environ, start_response):
    path = environ["PATH_INFO"]
    log.debug("asked for %s", path)
    def answer(status, *parts):
        start_response(status, [("Content-Length", str(sum(map(len, parts))))])
        return list(parts)
    if path == "/ok": return answer("200 OK", b"well")
    if path == "/500": return answer("503 Ill", b"ill")
    if path == "/401": return answer("401 Who", b"who?")
    if path == "/raise": {}["missing"]
    if path == "/slow": time.sleep(2.5); return answer("200 OK", b"at last")
    if path == "/stream":
        start_response("200 OK", [])
        return (b"x" * 1000 for _ in range(10))
    if path == "/broken":
        start_response("200 OK", [])
        return broken()
    if path == "/login":
        log.info("wrong password of %s", ["joe"])
        CURRENT.get().failed_login("joe")
        return answer("200 OK", b"try again")
    if path == "/echo": return answer("500 Echo", environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    if path == "/forever":
        start_response("200 OK", [])
        return forever()
    if path == "/file":
        start_response("200 OK", [])
        return environ["wsgi.file_wrapper"](open(__file__, "rb"))
    if path == "/kill": os.kill(os.getpid(), signal.SIGKILL)
    return answer("404 Not Found", b"")

def broken():
    yield b"begun"
    log.debug("in the middle")
    raise RuntimeError("in the middle")

def forever():
    for _ in range(10000):
        yield b"x" * 100000
        time.sleep(0.001)

app = BlackBoxMiddleware(shop, recorder, slow=2.0, failed_logins=(401,))
"""
SERVERS = {
    "uvicorn": [
        "-m",
        "uvicorn",
        "--log-level",
        "warning",
        "--no-access-log",
        "--workers",
        "{workers}",
        "--port",
        "{port}",
        "app:app",
    ],
    "hypercorn": ["-m", "hypercorn", "--log-level", "ERROR", "-w", "{workers}", "-b", "127.0.0.1:{port}", "app:app"],
    "gunicorn": ["-m", "gunicorn", "--log-level", "critical", "-w", "{workers}", "-b", "127.0.0.1:{port}", "app:app"],
}


def free_port() -> int:
    """One that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(
    folder: Path, server: str, *, workers: int = 1, application: str | None = None, options: tuple[str, ...] = ()
) -> Iterator[int]:
    """The `server` at work with an application of its kind; gives its port. It is stopped by SIGTERM."""
    head = HEAD.format(file=str(folder / "forensic.log"), directory=str(folder / "rings"))
    text = application or (WSGI if server == "gunicorn" else ASGI)
    (folder / "app.py").write_text(head + text)
    port = free_port()
    command = [word.format(workers=workers, port=port) for word in SERVERS[server]]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in (str(folder), *sys.path) if path)}
    with (folder / "server.log").open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, *command[:-1], *options, command[-1]], cwd=folder, env=environment, stdout=output, stderr=output
        )
        try:
            for _ in range(600):
                assert process.poll() is None, (folder / "server.log").read_text()
                with closing(socket.socket()) as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def ask(port: int, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    """Status and body of an answer; 0 if there is none, and the part of the body that came."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        try:
            connection.request("POST" if body else "GET", path, body)
            answer = connection.getresponse()
        except (http.client.HTTPException, OSError):
            return 0, b""
        try:
            return answer.status, answer.read()
        except http.client.IncompleteRead as part:
            return answer.status, part.partial
        except OSError:
            return answer.status, b""


def until(condition: object, seconds: float = 20.0) -> None:
    """Waits until `condition()` is true."""
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)
