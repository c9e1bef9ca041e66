"""The black box in web applications, under real servers."""

from __future__ import annotations

import socket
import struct
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.blackbox.recording import texts, written
from tests.blackbox.serving import ask, serving, until
from vigilog.parse.forensics import Block

pytestmark = pytest.mark.peer
NAMES = ("uvicorn", "hypercorn", "gunicorn")


def found(folder: Path) -> dict[str, Block]:
    """The blocks by their paths."""
    return {block.value("Path") or "": block for block in written(folder / "forensic.log")}


@pytest.mark.parametrize("server", NAMES)
def test_requests_that_are_written_and_those_that_are_not(server: str, tmp_path: Path):
    with serving(tmp_path, server) as port:
        assert ask(port, "/ok?secret=1") == (200, b"well")
        assert ask(port, "/stream") == (200, b"x" * 10000)
        assert ask(port, "/nothing")[0] == 404
        assert ask(port, "/500?secret=1") == (503, b"ill")
        assert ask(port, "/401") == (401, b"who?")
        assert ask(port, "/raise")[0] == 500
        assert ask(port, "/slow") == (200, b"at last")
        assert ask(port, "/login") == (200, b"try again")
        assert ask(port, "/echo", b"z" * 100000) == (500, b"z" * 100000)
        assert ask(port, "/broken")[1] in (b"begun", b"")
        until(lambda: "/broken" in found(tmp_path))
    blocks = found(tmp_path)
    assert {path: block.kind for path, block in blocks.items()} == {
        "/500": "SERVER ERROR",
        "/401": "FAILED LOGIN",
        "/raise": "UNTIMELY DEATH",
        "/slow": "SLOW REQUEST",
        "/login": "FAILED LOGIN",
        "/echo": "SERVER ERROR",
        "/broken": "UNTIMELY DEATH",
    }
    for path, block in blocks.items():
        assert block.complete
        assert block.value("Client-Address") == "127.0.0.1"
        assert block.value("Server-Address") == f"127.0.0.1:{port}"
        assert block.value("Protocol") == "http"
        assert block.value("Method") == ("POST" if path == "/echo" else "GET")
        assert texts(block)[0] == f"shop DEBUG: asked for {path}"
    assert blocks["/500"].value("Status") == "503"
    assert blocks["/raise"].value("Status") is None
    assert texts(blocks["/raise"])[-1].endswith("KeyError: 'missing'")
    assert texts(blocks["/broken"])[-1].endswith("RuntimeError: in the middle")
    assert int(blocks["/slow"].value("Elapsed") or 0) >= 2000
    assert blocks["/login"].value("Attempted-User") == "joe"
    assert texts(blocks["/login"])[1] == "shop INFO: wrong password of ['joe']"
    assert (blocks["/echo"].value("Total-Bytes-In"), blocks["/echo"].value("Total-Bytes-Out")) == ("100000", "100000")
    assert "secret" not in (tmp_path / "forensic.log").read_text()
    assert list((tmp_path / "rings").glob("*.ring")) == [], "a normal stop leaves nothing behind"


@pytest.mark.parametrize("server", NAMES)
def test_a_client_that_goes_away_is_no_failure(server: str, tmp_path: Path):
    with serving(tmp_path, server) as port:
        with closing(socket.create_connection(("127.0.0.1", port))) as client:
            client.sendall(b"GET /forever HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(100)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        assert ask(port, "/500")[0] == 503
    assert set(found(tmp_path)) == {"/500"}


@pytest.mark.parametrize("server", NAMES)
def test_a_worker_that_is_killed(server: str, tmp_path: Path):
    """Its block is written by the next start of the service: here, of the worker that takes its place."""
    with serving(tmp_path, server, workers=2) as port:
        assert ask(port, "/ok") == (200, b"well")
        assert ask(port, "/kill") == (0, b"")
        if server != "hypercorn":  # hypercorn ends when one of its workers has died
            until(lambda: "/kill" in found(tmp_path))
            assert ask(port, "/ok") == (200, b"well")
    if server == "hypercorn":
        with serving(tmp_path, server) as port:
            assert ask(port, "/ok") == (200, b"well")
    blocks = found(tmp_path)
    assert set(blocks) == {"/kill"}
    assert blocks["/kill"].kind == "UNTIMELY DEATH"
    assert texts(blocks["/kill"]) == ["shop DEBUG: asked for /kill"]
    assert blocks["/kill"].value("Client-Address") == "127.0.0.1"
    assert blocks["/kill"].value("Service") == "shop"


def test_a_worker_that_was_forked_from_a_loaded_application(tmp_path: Path):
    with serving(tmp_path, "gunicorn", workers=2, options=("--preload",)) as port:
        assert ask(port, "/500") == (503, b"ill")
        assert ask(port, "/kill") == (0, b"")
        assert ask(port, "/ok") == (200, b"well")
    done = subprocess.run([sys.executable, "-c", "import app"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("", "")
    assert {path: block.kind for path, block in found(tmp_path).items()} == {
        "/500": "SERVER ERROR",
        "/kill": "UNTIMELY DEATH",
    }


def test_a_worker_that_hangs_and_is_ended_by_gunicorn(tmp_path: Path):
    """gunicorn aborts it, which ends the request with SystemExit."""
    hang = """
def shop(environ, start_response):
    log.debug("hanging")
    time.sleep(60)

from vigilog.blackbox.wsgi import BlackBoxMiddleware
app = BlackBoxMiddleware(shop, recorder)
"""
    with serving(tmp_path, "gunicorn", application=hang, options=("--timeout", "1")) as port:
        ask(port, "/hang")
    block = found(tmp_path)["/hang"]
    assert block.kind == "UNTIMELY DEATH"
    assert texts(block)[0] == "shop DEBUG: hanging"
    assert "SystemExit" in texts(block)[1]


def test_what_gunicorn_sends_as_a_file(tmp_path: Path):
    with serving(tmp_path, "gunicorn") as port:
        status, body = ask(port, "/file")
    assert (status, body) == (200, (tmp_path / "app.py").read_bytes())
    assert found(tmp_path) == {}


@pytest.mark.parametrize("server", ["uvicorn", "hypercorn"])
def test_websockets(server: str, tmp_path: Path):
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import connect

    with serving(tmp_path, server) as port:
        with connect(f"ws://127.0.0.1:{port}/quiet") as client:
            client.send("hello")
            assert client.recv() == "HELLO"
        with connect(f"ws://127.0.0.1:{port}/loud") as client:
            client.send("hello")
            assert client.recv() == "HELLO"
            client.send("raise")
            with pytest.raises(ConnectionClosed):
                client.recv()
        until(lambda: "/loud" in found(tmp_path))
    blocks = found(tmp_path)
    assert set(blocks) == {"/loud"}
    block = blocks["/loud"]
    assert (block.kind, block.value("Protocol"), block.value("Method")) == ("UNTIMELY DEATH", "ws", "WEBSOCKET")
    assert (block.value("Total-Bytes-In"), block.value("Total-Bytes-Out")) == ("10", "5")
    own = [text for text in texts(block) if text.startswith("shop")]
    assert own == ["shop DEBUG: asked for /loud", "shop DEBUG: heard hello", "shop DEBUG: heard raise"]


STARLETTE = """
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from vigilog.blackbox.asgi import BlackBoxMiddleware

def threaded(request):
    log.debug("in a thread")
    return PlainTextResponse("x", status_code=500)

async def background(request):
    def after(): log.debug("after the answer"); 1 / 0
    return PlainTextResponse("x", background=BackgroundTask(after))

async def login(request):
    session = CURRENT.get()
    session.facts.user = "joe"
    return PlainTextResponse("x", status_code=502)

app = Starlette(routes=[Route("/threaded", threaded), Route("/background", background), Route("/login", login)])
app.add_middleware(BlackBoxMiddleware, box=box)
"""


def test_starlette_with_its_threads_and_background_tasks(tmp_path: Path):
    with serving(tmp_path, "uvicorn", application=STARLETTE) as port:
        assert ask(port, "/threaded")[0] == 500
        assert ask(port, "/background") == (200, b"x")
        assert ask(port, "/login")[0] == 502
        until(lambda: set(found(tmp_path)) == {"/threaded", "/background", "/login"})
    blocks = found(tmp_path)
    assert texts(blocks["/threaded"])[0] == "shop DEBUG: in a thread"
    assert blocks["/background"].kind == "UNTIMELY DEATH"
    assert texts(blocks["/background"])[0] == "shop DEBUG: after the answer"
    assert blocks["/login"].value("User") == "joe"
