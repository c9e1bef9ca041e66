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
from typing import NamedTuple

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


class Pace(NamedTuple):
    """Requests a second, and the server's processor time for one of them in microseconds."""

    requests: float
    processor: float


def figures(place: Place) -> Iterator[Figure]:
    """See below."""
    work = place.work / "ledger"
    work.mkdir()
    (work / "hello.py").write_text(APPLICATION)
    for what, headers, wanted in (("as wrk asks", (), True), ("as a browser asks", HEADERS, False)):
        paces = measured(work, place.lines(SECONDS * ROUNDS) / ROUNDS, headers)
        requests = {kind: median(pace.requests for pace in some) for kind, some in paces.items()}
        plain = 1 / requests["plain"]
        access, ledger = 1 / requests["access"] - plain, 1 / requests["ledger"] - plain
        yield Figure(
            what,
            f"{ledger * 1e6:.1f} µs ({requests['ledger']:,.0f}/s)",
            f"{access * 1e6:.1f} µs ({requests['access']:,.0f}/s; without either {requests['plain']:,.0f}/s)",
            f"{ledger / access:.2f} x",
            f"at most {MOST:.2f} x" if wanted else "",
            ledger <= access * MOST if wanted else None,
        )
        processor = {kind: median(pace.processor for pace in some) for kind, some in paces.items()}
        access, ledger = processor["access"] - processor["plain"], processor["ledger"] - processor["plain"]
        yield Figure(f"{what}, processor time", f"{ledger:.1f} µs", f"{access:.1f} µs", f"{ledger / access:.2f} x", "", None)


def measured(work: Path, seconds: float, headers: tuple[str, ...]) -> dict[str, list[Pace]]:
    """The paces of the three applications, each with a new server in each round: two servers of the same application differ by
    more than what is measured."""
    kinds = {
        "plain": ["--no-access-log", "hello:plain"],
        "access": ["hello:plain"],
        "ledger": ["--no-access-log", "--factory", "hello:ledger"],
    }
    paces: dict[str, list[Pace]] = {kind: [] for kind in kinds}
    for number in range(ROUNDS):
        # Each is first, second and third in turn.
        order = [*kinds][number % len(kinds) :] + [*kinds][: number % len(kinds)]
        for kind in order:
            with running(work, kind, kinds[kind]) as (server, port):
                asked(port, 1, headers)
                before = processor_time(server)
                requests, count = asked(port, seconds / len(kinds), headers)
                paces[kind].append(Pace(requests, (processor_time(server) - before) * 1e6 / count))
    return paces


@contextmanager
def running(work: Path, kind: str, arguments: list[str]) -> Iterator[tuple[int, int]]:
    """A server of one worker; gives its process and its port. What it says goes to a file."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(work), "--port", str(port), *arguments]
    with (work / f"{kind}.log").open("wb") as log:
        environment = {**os.environ, "LEDGER": str(work / "forensic.log")}
        server = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        reachable(port)
        yield server.pid, port
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def processor_time(process: int) -> float:
    """Seconds that a process has worked (its first thread: the server has no other)."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9


def reachable(port: int) -> None:
    """Waits until a server listens there."""
    for _ in range(200):
        with socket.socket() as client:
            if not client.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.05)
    raise TimeoutError(port)


def asked(port: int, seconds: float, headers: tuple[str, ...]) -> tuple[float, int]:
    """Requests a second, as wrk counts them, and how many they were."""
    named = [word for header in headers for word in ("-H", header)]
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", *named, f"http://127.0.0.1:{port}/"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in said, said
    pace, count = re.search(r"Requests/sec:\s+([\d.]+)", said), re.search(r"(\d+) requests in", said)
    assert pace, said
    assert count, said
    return float(pace[1]), int(count[1])


BENCHMARK = Benchmark(
    "The ledger",
    f"""
    uvicorn, one worker, an application that says hello, asked by wrk over {CONNECTIONS} connections: as it is, with uvicorn's
    own access log (to a file), and with `AsgiLedger` (to a file, strict) instead. What each costs for one request is the
    difference of the times for one request, of medians of {ROUNDS} rounds in turns, each with servers of its own; below it
    the same by the processor time of the servers. A browser sends five more headers, and
    the ledger writes them down.
    """,
    figures,
)
