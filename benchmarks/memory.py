"""Whether memory stays flat when the input grows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.checks import check_of
from benchmarks.figure import Benchmark, Figure
from benchmarks.place import Place

MOST = 200
GROWTH = 1.2
MEGABYTE = 1_000_000


def figures(place: Place) -> Iterator[Figure]:
    """See below."""
    for kind in ("clean", "dirty"):
        logs = place.large_corpora(dirty=kind == "dirty")
        small, large = (peak(place, f"memory-{kind}-{number}", log) for number, log in enumerate(logs))
        growth = large / small
        sizes = " / ".join(f"{log.stat().st_size / MEGABYTE:,.0f} MB" for log in reversed(logs))
        yield Figure(
            f"{kind}, {sizes}",
            f"{large:.0f} MB",
            f"{small:.0f} MB",
            f"{growth:.2f} x",
            f"at most {GROWTH} x, under {MOST} MB",
            growth <= GROWTH and large < MOST,
        )


def peak(place: Place, name: str, log: Path) -> float:
    """The most memory that a check of `log` had, in megabytes."""
    check = check_of(place, name, place.stock_rules, log)
    most = check.run().peak / MEGABYTE
    (check.root / "report").unlink()
    check.forget()
    return most


BENCHMARK = Benchmark(
    "Memory",
    """
    The most memory that one run had (`ru_maxrss`), stock rules, level server, one process: for 1 GB of input, beside 100 MB of
    the same kind. The large corpus is ten small ones of different seeds, one after the other in time.
    """,
    figures,
)
