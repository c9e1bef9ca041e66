"""The ledger around an application, beside uvicorn's own access log."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks.figure import Benchmark, Figure
from benchmarks.place import Place

ROUNDS = 9
SECONDS = 9
CONNECTIONS = 8
MOST = 1 / 3
HEADERS = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language: en-US,en;q=0.5",
    "Accept-Encoding: gzip, deflate, br",
    "Cookie: session=0123456789abcdef0123456789abcdef",
)
APPLICATION = """
import os
from vigilog.ledger import AsgiLedger

START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain"), (b"content-length", b"5")]}
BODY = {"type": "http.response.body", "body": b"hello"}

async def plain(scope, receive, send):
    assert scope["type"] == "http"
    await send(START)
    await send(BODY)

def ledger():
    return AsgiLedger(plain, os.environ["LEDGER"])
"""


def figures(place: Place) -> Iterator[Figure]:
    """See below."""
    work = place.work / "ledger"
    work.mkdir()
    (work / "hello.py").write_text(APPLICATION)
    for what, headers, wanted in (("as wrk asks", (), True), ("as a browser asks", HEADERS, False)):
        paces = measured(work, place.lines(SECONDS * ROUNDS) / ROUNDS, headers)
        plain = 1 / median(paces["plain"])
        access = 1 / median(paces["access"]) - plain
        ledger = 1 / median(paces["ledger"]) - plain
        yield Figure(
            what,
            f"{ledger * 1e6:.1f} µs ({median(paces['ledger']):,.0f}/s)",
            f"{access * 1e6:.1f} µs ({median(paces['access']):,.0f}/s; without either {1 / plain:,.0f}/s)",
            f"{ledger / access:.2f} x",
            f"at most {MOST:.2f} x" if wanted else "",
            ledger <= access * MOST if wanted else None,
        )


def measured(work: Path, seconds: float, headers: tuple[str, ...]) -> dict[str, list[float]]:
    """Requests a second of the three applications, of each round."""
    kinds = {
        "plain": ["--no-access-log", "hello:plain"],
        "access": ["hello:plain"],
        "ledger": ["--no-access-log", "--factory", "hello:ledger"],
    }
    paces: dict[str, list[float]] = {kind: [] for kind in kinds}
    ports: dict[str, int] = {}
    with running(work, kinds, ports):
        for kind in kinds:
            pace(ports[kind], 1, headers)
        for number in range(ROUNDS):
            # Each is first, second and third in turn.
            order = [*kinds][number % len(kinds) :] + [*kinds][: number % len(kinds)]
            for kind in order:
                paces[kind].append(pace(ports[kind], seconds / len(kinds), headers))
    return paces


@contextmanager
def running(work: Path, kinds: dict[str, list[str]], ports: dict[str, int]) -> Iterator[None]:
    """A server of one worker for each kind; its port is put into `ports`. Each says what it says to a file."""
    servers = []
    try:
        for kind, arguments in kinds.items():
            with socket.create_server(("127.0.0.1", 0)) as free:
                ports[kind] = free.getsockname()[1]
            command = [sys.executable, "-m", "uvicorn", "--app-dir", str(work), "--port", str(ports[kind]), *arguments]
            with (work / f"{kind}.log").open("wb") as log:
                environment = {**os.environ, "LEDGER": str(work / "forensic.log")}
                servers.append(subprocess.Popen(command, stdout=log, stderr=log, env=environment))
        for port in ports.values():
            reachable(port)
        yield
    finally:
        for server in servers:
            server.send_signal(signal.SIGTERM)
        for server in servers:
            server.wait()


def reachable(port: int) -> None:
    """Waits until a server listens there."""
    for _ in range(200):
        with socket.socket() as client:
            if not client.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.05)
    raise TimeoutError(port)


def pace(port: int, seconds: float, headers: tuple[str, ...]) -> float:
    """Requests a second, as wrk counts them."""
    named = [word for header in headers for word in ("-H", header)]
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", *named, f"http://127.0.0.1:{port}/"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in said, said
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    assert found, said
    return float(found[1])


BENCHMARK = Benchmark(
    "The ledger",
    f"""
    uvicorn, one worker, an application that says hello, asked by wrk over {CONNECTIONS} connections: as it is, with uvicorn's
    own access log (to a file), and with `AsgiLedger` (to a file, strict) instead. What each costs for one request is the
    difference of the times for one request, of medians of {ROUNDS} rounds in turns. A browser sends five more headers, and
    the ledger writes them down.
    """,
    figures,
)
