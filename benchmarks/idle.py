"""What the watchman costs while nothing happens."""

from __future__ import annotations

import time
from collections.abc import Iterator

from benchmarks.figure import Benchmark, Figure
from benchmarks.place import Place
from benchmarks.watchmen import watchman
from vigilog.config.trigger_files import shipped

SECONDS = 60
MOST_SECONDS, MOST_MEMORY = 0.1, 40 << 20


def figures(place: Place) -> Iterator[Figure]:
    """See below."""
    triggers = "".join(f'[[trigger]]\nrule = "{name}"\nactions = ["null"]\n' for name in shipped())
    with watchman(place.work / "idle", triggers) as daemon:
        time.sleep(5)
        before = daemon.processor_seconds()
        time.sleep(place.lines(SECONDS * 20) // 20)
        used, resident = daemon.processor_seconds() - before, daemon.resident()
    yield Figure(f"processor time in {SECONDS} s", f"{used:.2f} s", "", "", f"at most {MOST_SECONDS:g} s", used <= MOST_SECONDS)
    yield Figure(
        "resident memory", f"{resident / (1 << 20):.1f} MiB", "", "", f"under {MOST_MEMORY >> 20} MiB", resident < MOST_MEMORY
    )


BENCHMARK = Benchmark(
    "Idle",
    f"""
    `vigilog run` with all shipped rules on a log to which nobody writes, for {SECONDS} s; its first start, which compiles them.
    """,
    figures,
)
