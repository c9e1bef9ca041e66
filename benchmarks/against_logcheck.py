"""A whole run of Vigilog beside a whole run of Debian's logcheck."""

from __future__ import annotations

import filecmp
from collections.abc import Iterator

from benchmarks.checks import check_of
from benchmarks.figure import Benchmark, Figure, pace, ratio
from benchmarks.logcheck import logcheck
from benchmarks.measure import in_turns, middle
from benchmarks.place import Place

LINES = 100_000
ROUNDS = 3
UTF8 = "C.UTF-8"


def figures(place: Place) -> Iterator[Figure]:
    """See below."""
    lines = place.lines(LINES)
    with logcheck(place.corpus(lines, dirty=False), place.stock_rules) as peer:
        check = check_of(place, "against-logcheck", place.stock_rules, peer.log)
        check.forget_rules()
        first = check.run().seconds
        runs = in_turns(
            ROUNDS,
            {
                "logcheck C": lambda: peer.run(report="C"),
                "C": lambda: check.run(report="C"),
                "C 2": lambda: check.run("--jobs", "2", report="C 2"),
                "UTF-8": lambda: check.run(locale=UTF8, report="UTF-8"),
            },
        )
        runs["logcheck UTF-8"] = [peer.run(locale=UTF8, report="UTF-8")]
        took = {name: middle(done) for name, done in runs.items()}

        def row(what: str, ours: str, theirs: str, least: float) -> Figure:
            same = filecmp.cmp(check.root / ours, peer.root / theirs, shallow=False)
            other = took[f"logcheck {theirs}"]
            return ratio(what, pace(lines, took[ours]), pace(lines, other), other / took[ours], least=least, same=same)

        yield row("C locale", "C", "C", 15)
        yield row("C locale, `--jobs 2`", "C 2", "C", 25)
        yield row(f"{UTF8} locale", "UTF-8", "UTF-8", 50)
        compared = f"{took['logcheck C'] / first:.2f} x"
        yield Figure("C locale, first run ever", pace(lines, first), pace(lines, took["logcheck C"]), compared)


BENCHMARK = Benchmark(
    "Against Debian's logcheck",
    f"""
    {LINES:,} lines of `make_corpus.py`, stock rules, level server, positions at the beginning, from the start of the process
    to its end; the report goes to a file and is the same, byte for byte. Medians of {ROUNDS} runs, in turns; of logcheck in a
    UTF-8 locale, which takes a minute, one run. Vigilog finds its rules compiled, as every run but the first does; the
    first is in the last row.
    """,
    figures,
)
