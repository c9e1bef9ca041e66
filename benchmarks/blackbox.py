"""What a message costs that is kept in the black box, beside the standard library's MemoryHandler."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from logging.handlers import MemoryHandler

from benchmarks.figure import Benchmark, Figure
from benchmarks.place import Place
from vigilog.blackbox import BlackBox, Facts, Message
from vigilog.blackbox.entry import Entry

MESSAGES = 100_000
ROUNDS = 9
STARTS = 30
MOST_OF_IMPORT = 0.03
SESSION_OF = 20
"""So many messages have a session in the row of sessions."""
MOST_IN_FILE = 0.35
FORMAT = "%d rows of %s for client %d, it took %d ms"
LOGGER = "shop.database"


def figures(place: Place) -> Iterator[Figure]:
    """See below."""
    directory = place.work / "blackbox"
    works: dict[str, Callable[[int], None]] = {"nothing": nothing, "MemoryHandler": of_memory_handler()}
    boxes = {"in memory": BlackBox(None), "in a file": BlackBox(None, directory=str(directory))}
    try:
        for where, box in boxes.items():
            works |= of_box(box, where)
        costs = measured(works, place.lines(MESSAGES))
    finally:
        for box in boxes.values():
            box.close()
        shutil.rmtree(directory, ignore_errors=True)
    yield of_import()
    peer = costs["MemoryHandler"]
    for name, cost in costs.items():
        if name == "MemoryHandler":
            continue
        wanted = MOST_IN_FILE if name == "in a file, text made" else None
        yield Figure(
            name,
            f"{cost:.2f} µs",
            f"{peer:.2f} µs",
            f"{cost / peer:.3f} x",
            f"at most {wanted:g} x" if wanted else "",
            cost <= wanted * peer if wanted else None,
        )


def of_import() -> Figure:
    """What `import vigilog.blackbox` adds to a Python that has started, beside `import logging`."""
    bare, ours, peer = (started(code) for code in ("pass", "import vigilog.blackbox", "import logging"))
    ours, peer = ours - bare, peer - bare
    shown = (f"{ours * 1000:.0f} ms", f"{peer * 1000:.0f} ms", f"{ours / peer:.1f} x")
    return Figure("import, beside that of logging", *shown, f"under {MOST_OF_IMPORT * 1000:.0f} ms", ours < MOST_OF_IMPORT)


def started(code: str) -> float:
    """Seconds of processor time that a Python needs that does only `code`: the least of several runs."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    least = float("inf")
    for _ in range(STARTS):
        process = subprocess.Popen([sys.executable, "-c", code], env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        least = min(least, usage.ru_utime + usage.ru_stime)
    return least


def nothing(count: int) -> None:
    """The loop itself."""
    for _ in range(count):
        pass


def of_memory_handler() -> Callable[[int], None]:
    """A logger whose only handler keeps its records and never hands them on."""
    logger = logging.getLogger(LOGGER)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(MemoryHandler(1024, flushLevel=logging.CRITICAL))

    def work(count: int) -> None:
        debug = logger.debug
        for number in range(count):
            debug(FORMAT, 3, "orders", number, 12)

    return work


def of_box(box: BlackBox, where: str) -> Mapping[str, Callable[[int], None]]:
    """The ways into a ring of `box`."""
    session = box.begin(Facts("192.0.2.7", "192.0.2.1:80", "http"))
    keep, later = session.keep, session.later
    text = (FORMAT % (3, "orders", 4711, 12)).encode()

    def kept(count: int) -> None:
        for number in range(count):
            keep("SystemLog", 7, (FORMAT % (3, "orders", number, 12)).encode(), 1.5)

    def ready(count: int) -> None:
        for _ in range(count):
            keep("SystemLog", 7, text, 1.5)

    def postponed(count: int) -> None:
        for number in range(count):
            later((render, LOGGER, 10, 1.5, FORMAT, (3, "orders", number, 12)), 400)

    def sessions(count: int) -> None:
        for _ in range(count // SESSION_OF):
            box.begin(Facts("192.0.2.7", "192.0.2.1:80", "http")).end()

    ways = {"text made": kept, "text ready": ready, f"a {SESSION_OF}th of beginning and ending a session": sessions}
    if session.deferred:
        ways["text made when it is written"] = postponed
    return {f"{where}, {name}": way for name, way in ways.items()}


def render(entry: Entry) -> Message:
    """The message of an entry, if anybody asks."""
    _, _, _, _, text, arguments = entry
    return Message("SystemLog", 7, (text % arguments).encode())


def measured(works: Mapping[str, Callable[[int], None]], count: int) -> dict[str, float]:
    """Microseconds of processor time for each message; the least of several rounds, without the loop. The rounds take turns, so
    that whatever disturbs the machine disturbs all."""
    least: dict[str, float] = {}
    for _ in range(ROUNDS):
        for name, work in works.items():
            begun = time.thread_time()
            work(count)
            took = (time.thread_time() - begun) / count * 1e6
            least[name] = min(took, least.get(name, took))
    loop = least.pop("nothing")
    return {name: cost - loop for name, cost in least.items()}


BENCHMARK = Benchmark(
    "Black box: the rings",
    f"""
    A message with three numbers and a word as arguments, into the ring of a session: in memory, and in the ring file that
    survives the process. Beside it the same message through `logging` into a MemoryHandler, which neither makes its text nor
    survives anything. Processor time of one thread, the least of {ROUNDS} rounds of {MESSAGES:,} messages.
    """,
    figures,
)
