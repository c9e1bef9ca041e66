"""What more triggers cost."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.checks import PROGRAM, SOURCE
from benchmarks.figure import Benchmark, Figure
from benchmarks.measure import Ran, in_turns, middle, ran
from benchmarks.place import Place
from benchmarks.watchmen import configuration

LINES = 500_000
FEW, MANY = 10, 1000
ROUNDS = 3
HITS = 50


def figures(place: Place) -> Iterator[Figure]:
    """See below."""
    lines = place.lines(LINES)
    root = place.work / "triggers"
    roots = {count: root / str(count) for count in (FEW, MANY)}
    for count, made in roots.items():
        configuration(made, "".join(map(trigger, range(count))))
    log, empty = root / "log", root / "empty"
    with log.open("wb") as file:
        file.writelines(with_hits(place.corpus(lines, dirty=False)))
    empty.touch()
    works = {(count, of): partial(replayed, made, of) for count, made in roots.items() for of in (log, empty)}
    for work in works.values():
        work()  # compiles
    took = {key: middle(runs) for key, runs in in_turns(ROUNDS, works).items()}
    few, many = (took[count, log] - took[count, empty] for count in (FEW, MANY))
    yield Figure(
        f"{MANY:,} triggers beside {FEW}",
        f"{many / lines * 1e6:.2f} µs a line",
        f"{few / lines * 1e6:.2f} µs a line",
        f"{many / few:.2f} x",
        "under 2 x",
        many / few < 2,
    )


def trigger(number: int) -> str:
    """One trigger; the first few are those that are hit."""
    return f"""
[[trigger]]
name = "service-{number}"
language = "scanf"
pattern = "service{number:04}[%d]: login of %s from %s failed"
fields = ["-", "user", "address"]
key = ["address"]
count = 5
within = 600
actions = ["null"]
"""


def with_hits(corpus: Path) -> Iterator[bytes]:
    """The corpus, with a line for one of the first triggers after every so many lines."""
    chance = random.Random(1)
    with corpus.open("rb") as file:
        for number, line in enumerate(file):
            yield line
            if number % HITS == 0:
                service, address = chance.randrange(FEW), chance.randrange(1, 255)
                yield line[:16] + f"host service{service:04}[7]: login of root from 192.0.2.{address} failed\n".encode()


def replayed(root: Path, log: Path) -> Ran:
    """A whole run of `vigilog replay`."""
    command = [*PROGRAM, "replay", "--quiet", "--config", str(root / "vigilog.toml"), str(log)]
    return ran(command, root / "output", {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "PYTHONPATH": SOURCE})


BENCHMARK = Benchmark(
    "Many triggers",
    f"""
    `vigilog replay` over {LINES:,} lines with {MANY:,} triggers, beside {FEW} of them. Both hit the same lines, one of {HITS}.
    Whole runs less those over an empty log, by lines. Medians of {ROUNDS} runs, in turns.
    """,
    figures,
)
