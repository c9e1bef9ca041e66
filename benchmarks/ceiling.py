"""How near a whole run comes to what the scanner alone could do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks import bare_scan
from benchmarks.checks import SOURCE, Check, check_of
from benchmarks.figure import Benchmark, Figure, pace, ratio
from benchmarks.measure import Ran, in_turns, middle
from benchmarks.place import Place
from benchmarks.quiet_rules import quiet_rules

LINES = 1_000_000
ROUNDS = 5


def figures(place: Place) -> Iterator[Figure]:
    """See below."""
    lines = place.lines(LINES)
    clean, dirty = place.corpus(lines, dirty=False), place.corpus(lines, dirty=True)
    stock = check_of(place, "ceiling", place.stock_rules, clean)
    stock.run()
    quiet = quiet_rules(place.stock_rules, place.work / "quiet-rules", stock.root / "report", lines)
    for rules, least in ((place.stock_rules, 0.6), (quiet, 0.75)):
        for kind, log in (("clean", clean), ("dirty", dirty)):
            check = check_of(place, f"ceiling-{rules.name}-{kind}", rules, log)
            runs = in_turns(ROUNDS, {"check": check.run, "ceiling": partial(scanned, check)})
            took = {name: middle(done) for name, done in runs.items()}
            share = lines_in(check.root / "report") / lines
            value = took["ceiling"] / took["check"]
            yield ratio(
                f"{kind}, {share:.1%} reported", pace(lines, took["check"]), pace(lines, took["ceiling"]), value, least=least
            )


def scanned(check: Check) -> Ran:
    """The same rules and log, with callbacks that do nothing."""
    command = [sys.executable, bare_scan.__file__, str(check.rules), str(check.state), str(check.log)]
    done = subprocess.run(command, check=True, capture_output=True, env={"PYTHONPATH": SOURCE})
    return Ran(float(done.stdout), 0)


def lines_in(path: Path) -> int:
    """How many lines are in a file."""
    with path.open("rb") as file:
        return sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 20), b""))


BENCHMARK = Benchmark(
    "The ceiling",
    f"""
    {LINES:,} lines, level server, one process. The whole run of `vigilog check` (from the start of the process to its end;
    positions and report are committed to the store, the report is written to a file) beside the ceiling: the same compiled
    rules and the same blocks of 256 KiB, scanned in one process with callbacks that do nothing, and of that only the scan.
    The rules are the stock rules, and the stock rules with one more for each of the programs that report the most, so that
    2 % are left. Medians of {ROUNDS} runs, in turns.
    """,
    figures,
)
