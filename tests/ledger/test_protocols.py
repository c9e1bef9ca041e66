"""The ledger with HTTP/2, server push, websockets, and other logs that carry the request's name; and what importing it loads."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import pytest
import websockets.sync.client

from tests.ledger.servers import serving
from vigilog.parse.forensic_line import header

pytestmark = pytest.mark.peer


def http2(port: int, headers: list[tuple[str, str]]) -> list[h2.events.Event]:
    """Sends one request by HTTP/2 and gives what comes until all streams have ended."""
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        connection.initiate_connection()
        connection.send_headers(1, headers, end_stream=True)
        client.sendall(connection.data_to_send())
        events: list[h2.events.Event] = []
        streams: set[int | None] = {1}
        ended: set[int | None] = set()
        while streams != ended:
            data = client.recv(65536)
            assert data
            for event in connection.receive_data(data):
                events.append(event)
                if isinstance(event, h2.events.PushedStreamReceived):
                    streams.add(event.pushed_stream_id)
                if isinstance(event, h2.events.StreamEnded):
                    ended.add(event.stream_id)
            client.sendall(connection.data_to_send())
        return events


def test_a_request_by_http_2_looks_like_apaches_and_a_pushed_one_has_lines_of_its_own(tmp_path: Path) -> None:
    with serving("hypercorn", tmp_path, workers=1) as served:
        served.until(lambda: not served.open())
        before = len(served.lines())
        asked = [(":method", "GET"), (":scheme", "http"), (":authority", "host:1"), (":path", "/push?a|b"), ("x-odd", "a:b")]
        events = http2(served.port, asked)
        assert any(isinstance(event, h2.events.PushedStreamReceived) for event in events)
        served.until(lambda: not served.open(), served.open)
        first, *rest = served.lines()[before:]
        assert first.request == b"GET /push?a|b HTTP/2.0"
        assert header(first, b"Host") == b"host:1"
        assert (b"X-Odd", b"a:b") in first.headers
        pushed = next(line for line in rest if line.sign == "+")
        assert pushed.request == b"GET /pushed HTTP/2.0"
        assert pushed.id != first.id
        assert sorted(line.id for line in rest if line.sign == "-") == sorted([first.id, pushed.id])


@pytest.mark.parametrize("kind", ["uvicorn", "hypercorn", "gunicorn-asgi"])
@pytest.mark.parametrize("ends", ["politely", "by a reset"])
def test_a_websocket_is_open_in_the_ledger_as_long_as_it_is(kind: str, ends: str, tmp_path: Path) -> None:
    with serving(kind, tmp_path, workers=1) as served:
        served.until(lambda: not served.open())
        with websockets.sync.client.connect(f"ws://127.0.0.1:{served.port}/socket") as client:
            assert client.response
            assert re.fullmatch(r"\d+:[0-9a-f]+:[0-9a-f]+", client.response.headers["X-Forensic-Id"])
            client.send("x")
            assert client.recv() == "x"
            assert list(served.open().values()) == [b"GET /socket HTTP/1.1"]
            if ends == "by a reset":
                client.socket.shutdown(socket.SHUT_RDWR)
        served.until(lambda: not served.open(), served.open)


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"ledger": {"()": "vigilog.ledger.ForensicIdFilter"}},
    "formatters": {
        "access": {
            "()": "uvicorn.logging.AccessFormatter",
            "fmt": "ACCESS %(forensic_id)s %(request_line)s",
            "use_colors": False,
        }
    },
    "handlers": {"access": {"class": "logging.StreamHandler", "formatter": "access", "filters": ["ledger"]}},
    "loggers": {"uvicorn.access": {"handlers": ["access"], "level": "INFO", "propagate": False}},
}


def test_uvicorns_access_log_can_carry_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "logging.json").write_text(json.dumps(LOGGING))
    monkeypatch.setenv("UVICORN_LOG_CONFIG", str(tmp_path / "logging.json"))
    with serving("uvicorn", tmp_path, workers=1) as served:
        served.ask(b"GET /?logged HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        served.until(lambda: not served.open())
        name = next(line.id for line in served.lines() if line.request == b"GET /?logged HTTP/1.1")
        said = (tmp_path / "server.log").read_bytes()
        assert b"ACCESS " + name + b" GET /?logged HTTP/1.1\n" in said


def test_gunicorns_access_log_can_carry_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "--access-logfile - --access-logformat 'ACCESS-%({forensic-id}e)s-%(r)s'")
    with serving("gunicorn-threads", tmp_path, workers=1) as served:
        served.ask(b"GET /?logged HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        served.until(lambda: not served.open())
        name = next(line.id for line in served.lines() if line.request == b"GET /?logged HTTP/1.1")
        assert b"ACCESS-" + name + b"-GET /?logged HTTP/1.1\n" in (tmp_path / "server.log").read_bytes()


ASLEEP = """
import json, sys
import vigilog.ledger
print(json.dumps(sorted(sys.modules)))
"""
HEAVY = {
    "hyperscan",
    "re2",
    "msgspec",
    "rich",
    "asyncio",
    "logging",
    "subprocess",
    "socket",
    "dataclasses",
    "inspect",
    "urllib.parse",
    "h11",
    "starlette",
}


def test_importing_the_ledger_loads_nothing_heavy() -> None:
    shown = subprocess.run(
        [sys.executable, "-S", "-c", "import sys; sys.path[:0] = sys.argv[1:]\n" + ASLEEP, *sys.path[1:]],
        capture_output=True,
        check=True,
        text=True,
    )
    loaded = set(json.loads(shown.stdout))
    assert "vigilog.ledger.asgi" in loaded
    assert not loaded & HEAVY
    assert {name for name in loaded if name.startswith("vigilog.") and not name.startswith("vigilog.ledger")} <= {
        "vigilog.core",
        "vigilog.core.clock",
        "vigilog.core.errors",
    }
