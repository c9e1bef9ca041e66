"""Runs the benchmarks and prints their tables:  python -m benchmarks [--write] [--quick] [NAME]..."""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from benchmarks import (
    against_fail2ban,
    against_logcheck,
    around,
    bans,
    blackbox,
    capture,
    ceiling,
    idle,
    jobs,
    ledger,
    ledger_check,
    logformat,
    memory,
    page,
    place,
    start,
    triggers,
)

BENCHMARKS = {
    "logcheck": against_logcheck.BENCHMARK,
    "ceiling": ceiling.BENCHMARK,
    "jobs": jobs.BENCHMARK,
    "start": start.BENCHMARK,
    "memory": memory.BENCHMARK,
    "fail2ban": against_fail2ban.BENCHMARK,
    "bans": bans.BENCHMARK,
    "triggers": triggers.BENCHMARK,
    "idle": idle.BENCHMARK,
    "blackbox": blackbox.BENCHMARK,
    "capture": capture.BENCHMARK,
    "around": around.BENCHMARK,
    "ledger": ledger.BENCHMARK,
    "ledger-check": ledger_check.BENCHMARK,
    "logformat": logformat.BENCHMARK,
}
PAGE = place.CHECKOUT / "docs" / "benchmarks.md"
QUICK = 20


def table(name: str, scale: int) -> str:
    """Runs a benchmark, its sizes divided by `scale`; gives its section of the page."""
    benchmark = BENCHMARKS[name]
    return page.section(benchmark, list(benchmark.figures(place.place(scale))))


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures Vigilog beside what it replaces.")
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], metavar="NAME", help=f"some of {', '.join(BENCHMARKS)}")
    parser.add_argument(
        "--write", action="store_true", help=f"write the tables to {PAGE.relative_to(place.CHECKOUT)}, all of them"
    )
    parser.add_argument("--quick", action="store_true", help=f"sizes divided by {QUICK}, only to see that everything works")
    wanted = parser.parse_args()
    if wanted.write and (wanted.names or wanted.quick):
        parser.error("--write goes with all benchmarks at full size")
    machine = page.machine()
    print(machine, end="\n\n", flush=True)
    sections = []
    for name in wanted.names or BENCHMARKS:
        begun = time.monotonic()
        # in a process of its own: what a child is said to have used at most includes what its parent had when it was forked
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
            sections.append(alone.submit(table, name, QUICK if wanted.quick else 1).result())
        print(sections[-1], f"({time.monotonic() - begun:.0f} s)\n", sep="\n", flush=True)
    if wanted.write:
        PAGE.write_text(page.page("make bench", machine, sections))


if __name__ == "__main__":
    main()
