"""What a message below its logger's level costs when the black box keeps it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from statistics import median

from benchmarks.checks import SOURCE
from benchmarks.figure import Benchmark, Figure
from benchmarks.place import Place

MESSAGES = 200_000
ROUNDS = 5
IN_MEMORY = 0.5e-6
WITHOUT = 120e-9
OF_MEMORY_HANDLER = 0.35
PROBE = """
import logging, logging.handlers, sys, timeit
kind, count, directory = sys.argv[1], int(sys.argv[2]), sys.argv[3]
log = logging.getLogger("shop.database")
logging.getLogger().setLevel(logging.INFO)
if kind != "plain" and kind != "handler":
    from vigilog.blackbox import CURRENT, BlackBox
    from vigilog.blackbox.recorder import Recorder
    box = BlackBox(None, directory=directory if kind.startswith("file") else None)
    Recorder(box).start()
    if kind != "without":
        CURRENT.set(box.begin())
if kind == "handler":
    handler = logging.handlers.MemoryHandler(1024, flushLevel=100, target=logging.NullHandler())
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    log.propagate = False
statement = "log.debug('rows %s of %d', rows, 17)" if kind.endswith("mutable") else "log.debug('%s took %d ms', name, 17)"
timer = timeit.Timer(statement, globals={"log": log, "name": "select", "rows": [1, 2, 3]})
print(min(timer.repeat(100, count // 100)) / (count // 100))
"""
KINDS = ("plain", "without", "memory", "memory mutable", "file", "file mutable", "handler")


def figures(place: Place) -> Iterator[Figure]:
    """See below."""
    directory = place.work / "capture"
    took: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for _ in range(ROUNDS):
        for kind in KINDS:
            took[kind].append(probed(kind, place.lines(MESSAGES), str(directory)))
    cost = {kind: median(seconds) for kind, seconds in took.items()}
    plain, handler = cost["plain"], cost["handler"]
    more = cost["without"] - plain
    yield Figure(
        "no session",
        shown(cost["without"]),
        f"{shown(plain)} (plain logging)",
        f"{shown(more)} more",
        "120 ns more",
        more <= WITHOUT,
    )
    yield Figure(
        "kept in memory, string and integer",
        shown(cost["memory"]),
        f"{shown(handler)} (MemoryHandler)",
        f"{cost['memory'] / handler:.2f} x",
        "at most 500 ns",
        cost["memory"] <= IN_MEMORY,
    )
    share = cost["file"] / handler
    yield Figure(
        "kept in a file, string and integer",
        shown(cost["file"]),
        f"{shown(handler)} (MemoryHandler)",
        f"{share:.2f} x",
        f"at most {OF_MEMORY_HANDLER} x",
        share <= OF_MEMORY_HANDLER,
    )
    for kind, where in (("memory mutable", "in memory"), ("file mutable", "in a file")):
        yield Figure(
            f"kept {where}, list and integer",
            shown(cost[kind]),
            f"{shown(handler)} (MemoryHandler)",
            f"{cost[kind] / handler:.2f} x",
        )


def probed(kind: str, count: int, directory: str) -> float:
    """Seconds that one message takes, in a process of its own."""
    command = [sys.executable, "-c", PROBE, kind, str(count), directory]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={"PYTHONPATH": SOURCE, "PATH": "/usr/bin:/bin"}
    )
    return float(done.stdout)


def shown(seconds: float) -> str:
    """In nanoseconds."""
    return f"{seconds * 1e9:,.0f} ns"


BENCHMARK = Benchmark(
    "Keeping messages that nobody prints",
    f"""
    `log.debug("%s took %d ms", name, 17)` below the level of its logger: without a session, with one in memory, with one in a
    file that outlives the process, and with a list among the arguments, which has to be rendered at once. Beside it plain
    `logging`, which does nothing, and `logging.handlers.MemoryHandler` (1,024 records), for which the level has to be DEBUG.
    {MESSAGES:,} messages in a process of its own, in 100 parts of which the quickest counts, as on a machine that does
    nothing else. Medians of {ROUNDS} such processes, in turns.
    """,
    figures,
)
