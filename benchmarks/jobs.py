"""What a second process brings."""

from __future__ import annotations

import filecmp
from collections.abc import Iterator
from functools import partial

from benchmarks.checks import check_of
from benchmarks.figure import Benchmark, Figure, pace, ratio
from benchmarks.measure import in_turns, middle
from benchmarks.place import Place

LINES = 1_000_000
ROUNDS = 5


def figures(place: Place) -> Iterator[Figure]:
    """See below."""
    lines = place.lines(LINES)
    for kind in ("clean", "dirty"):
        check = check_of(place, f"jobs-{kind}", place.stock_rules, place.corpus(lines, dirty=kind == "dirty"))
        works = {jobs: partial(check.run, "--jobs", jobs, report=jobs) for jobs in ("1", "2")}
        runs = in_turns(ROUNDS, works)
        took = {name: middle(done) for name, done in runs.items()}
        same = filecmp.cmp(check.root / "1", check.root / "2", shallow=False)
        value = took["1"] / took["2"]
        yield ratio(kind, pace(lines, took["2"]), pace(lines, took["1"]), value, least=1.7, same=same)


BENCHMARK = Benchmark(
    "Two processes",
    f"""
    One file of {LINES:,} lines, stock rules, level server: `--jobs 2` beside `--jobs 1`, whole runs, the same report byte for
    byte. Medians of {ROUNDS} runs, in turns.
    """,
    figures,
)
