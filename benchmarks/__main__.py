"""Runs the benchmarks and prints their tables:  python -m benchmarks [--write] [--quick] [NAME]..."""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from benchmarks import page, place
from benchmarks.tables import BENCHMARKS, table

PAGE = place.CHECKOUT / "docs" / "benchmarks.md"
QUICK = 20


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
