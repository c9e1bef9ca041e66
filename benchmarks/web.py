"""Pages of the dashboard over a full store, while the daemon works and others watch."""

from __future__ import annotations

import re
import signal
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

from benchmarks.checks import PROGRAM
from benchmarks.fail2ban import wait
from benchmarks.figure import Benchmark, Figure
from benchmarks.place import Place
from benchmarks.watchmen import Watchman, watchman

EVENTS, EVERY, ADDRESSES = 1_000_000, 500, 50_000
RATE, SECONDS, BROWSERS = 30, 20, 10
MOST = 0.1
WANTED = f"under {MOST * 1000:g} ms"
TRIGGERS = """
[[trigger]]
name = "denied"
pattern = 'denied (?P<address>[0-9.]+)'
count = 1000
within = "30d"
actions = ["null"]

[[trigger]]
name = "alarm"
pattern = 'alarm (?P<address>[0-9.]+) (?P<user>[a-z]+)'
key = "address"
actions = ["null"]

[web]
listen = "127.0.0.1:0"
login = "none"
"""
PAGES = (
    "/", "/alerts", "/alerts?page=20", "/alerts/7", "/timeline?hours=24", "/timeline?hours=168", "/top?hours=720",
    "/about?of=10.0.0.7", "/bans", "/rules", "/sources",
)  # fmt: skip


def line(number: int) -> bytes:
    """A line that is an event, or, each EVERY-th, an alert."""
    place = number % ADDRESSES
    address = b"10.%d.%d.%d" % (place >> 16, place >> 8 & 255, place & 255)
    if number % EVERY == 0:
        return b"host web[7]: alarm %s %s\n" % (address, (b"root", b"admin", b"oracle")[number // EVERY % 3])
    return b"host web[7]: denied %s\n" % address


@contextmanager
def dashboard(root: Path) -> Iterator[tuple[str, int]]:
    """`vigilog web` beside the daemon in `root`: its host and port."""
    with (root / "web.output").open("wb") as output:
        command = [*PROGRAM, "web", "--config", str(root / "vigilog.toml")]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            wait(lambda: b"serving" in (root / "web.output").read_bytes() or process.poll() is not None)
            found = re.search(r"http://([0-9.]+):(\d+)/", (root / "web.output").read_text())
            assert found, (root / "web.output").read_text()
            yield found[1], int(found[2])
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


class Browser(threading.Thread):
    """Somebody who watches the overview, and opens page after page. `times` are seconds by page, `heard` the live messages."""

    def __init__(self, host: str, port: int, number: int, ended: threading.Event) -> None:
        super().__init__(daemon=True)
        self.host, self.port, self.number, self.ended = host, port, number, ended
        self.times: dict[str, list[float]] = {page: [] for page in PAGES}
        self.heard = 0

    def run(self) -> None:
        watching = threading.Thread(target=self._watch, daemon=True)
        watching.start()
        connection = HTTPConnection(self.host, self.port, timeout=60)
        turn = self.number
        # not all at the same moment, as people are not either
        self.ended.wait(self.number / BROWSERS)
        while not self.ended.is_set():
            page = PAGES[turn % len(PAGES)]
            before = time.perf_counter()
            connection.request("GET", page)
            answer = connection.getresponse()
            answer.read()
            self.times[page].append(time.perf_counter() - before)
            assert answer.status == 200, (page, answer.status)
            turn += 1
            self.ended.wait(1.0)
        connection.close()

    def _watch(self) -> None:
        with urllib.request.urlopen(f"http://{self.host}:{self.port}/live", timeout=60) as stream:
            while not self.ended.is_set():
                self.heard += stream.readline().startswith(b"data:")


def fed(daemon: Watchman, start: int, seconds: float) -> int:
    """Writes RATE lines a second for so long; gives how many."""
    begin, written = time.monotonic(), 0
    while (passed := time.monotonic() - begin) < seconds:
        due = int(passed * RATE) - written
        with daemon.log.open("ab") as log:
            log.write(b"".join(line(start + written + each) for each in range(due)))
        written += due
        time.sleep(0.05)
    return written


def figures(place: Place) -> Iterator[Figure]:
    """See below."""
    events, seconds = place.lines(EVENTS), max(3.0, place.lines(SECONDS * 1000) / 1000)
    root = place.work / "web"
    with watchman(root, TRIGGERS) as daemon:
        with daemon.log.open("ab") as log:
            log.write(b"".join(map(line, range(events))))
        wait(lambda: daemon.lines() == events, 0.2)
        with dashboard(root) as (host, port):
            wait(lambda: b"still being read" not in page(host, port, "/"), 0.2)
            ended = threading.Event()
            browsers = [Browser(host, port, number, ended) for number in range(BROWSERS)]
            for browser in browsers:
                browser.start()
            written = fed(daemon, events, seconds)
            ended.set()
            for browser in browsers:
                browser.join()
            memory = resident(root)
        wait(lambda: daemon.lines() == events + written)
        counted = sum(each["events"] for each in daemon.status()["triggers"])
    times = {name: [each for browser in browsers for each in browser.times[name]] for name in PAGES}
    everything = [each for held in times.values() for each in held]
    slowest = max((name for name in PAGES if times[name]), key=lambda name: median(times[name]))
    yield Figure("a page, median", milliseconds(median(everything)), "", "", WANTED, median(everything) < MOST)
    worst = median(times[slowest])
    yield Figure(f"the slowest page ({slowest}), median", milliseconds(worst), "", "", WANTED, worst < MOST)
    yield Figure("99 of 100 pages", milliseconds(sorted(everything)[len(everything) * 99 // 100]), "", "")
    lost = events + written - counted
    yield Figure("events that the daemon lost", f"{lost:,} of {events + written:,}", "", "", "0", lost == 0)
    heard = min(browser.heard for browser in browsers)
    yield Figure("live messages of each browser, the fewest", f"{heard} in {seconds:g} s", "", "", "1 or more", heard > 0)
    if memory:
        yield Figure("resident memory of the dashboard", f"{memory / (1 << 20):.0f} MiB", "", "")


def milliseconds(seconds: float) -> str:
    """A time as the table has it."""
    return f"{seconds * 1000:.1f} ms"


def page(host: str, port: int, path: str) -> bytes:
    """One page."""
    with urllib.request.urlopen(f"http://{host}:{port}{path}", timeout=60) as answer:
        text: bytes = answer.read()
    return text


def resident(root: Path) -> int:
    """Resident memory of the dashboard in `root`, in bytes."""
    wanted = str(root / "vigilog.toml").encode()
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
                if wanted in words and b"web" in words:
                    found = re.search(r"VmRSS:\s+(\d+)", (process / "status").read_text())
                    return int(found[1]) << 10 if found else 0
            except OSError:
                continue
    return 0


BENCHMARK = Benchmark(
    "The dashboard",
    f"""
    `vigilog run` has {EVENTS:,} events in its store, of {ADDRESSES:,} addresses, and {EVENTS // EVERY:,} alerts, and
    {RATE} lines a second are written for {SECONDS} s. Meanwhile {BROWSERS} browsers (HTTP clients on the same machine) watch
    the live stream, and each opens a page a second: {len(PAGES)} different ones in turn. Lost is what was not counted.
    """,
    figures,
)
