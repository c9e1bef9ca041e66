"""How long the second start takes, when there is next to nothing to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.checks import check_of
from benchmarks.figure import Benchmark, Figure
from benchmarks.logcheck import logcheck
from benchmarks.measure import Ran, middle
from benchmarks.place import Place

RUNS = 20
RUNS_OF_LOGCHECK = 3
MOST = 0.15
LINE = "Nov 20 08:00:00 host app[1]: one new line\n"


def figures(place: Place) -> Iterator[Figure]:
    """See below."""
    log = place.work / "start.log"
    log.write_text(LINE)
    check = check_of(place, "start", place.stock_rules, log, "-w")
    check.run("-w")
    ours, theirs = [], []
    with logcheck(log, place.stock_rules) as peer:
        peer.run("-w")
        for number in range(RUNS):
            for name in (log, peer.log):
                with name.open("a") as file:
                    file.write(LINE)
            ours.append(check.go_on("-w"))
            if number < RUNS_OF_LOGCHECK:
                theirs.append(peer.go_on("-w"))
    value = middle(ours)
    shown = f"{middle(theirs) / value:.1f} x"
    yield Figure("one new line", spread(ours), spread(theirs), shown, f"under {MOST} s", value < MOST)


def spread(runs: Sequence[Ran]) -> str:
    """The median, and the least and the most."""
    seconds = [run.seconds for run in runs]
    return f"{middle(runs):.3f} s ({min(seconds):.3f} to {max(seconds):.3f})"


BENCHMARK = Benchmark(
    "Start",
    f"""
    All 1,907 stock rules (level workstation), compiled by an earlier run, and one line that was written since: the whole
    process, beside Debian's logcheck. Median, least and most of {RUNS} runs ({RUNS_OF_LOGCHECK} of logcheck).
    """,
    figures,
)
