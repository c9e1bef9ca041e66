"""What a benchmark gives: rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from benchmarks.place import Place


@dataclass(frozen=True)
class Figure:
    """One row: what was measured, what Vigilog took, what it is held against, how the two compare, and how they should
    (empty, and `reached` None, where nothing is asked)."""

    what: str
    ours: str
    other: str
    compared: str
    wanted: str = ""
    reached: bool | None = None


@dataclass(frozen=True)
class Benchmark:
    """A table: its title, how it is measured, and the function that fills it."""

    title: str
    method: str
    figures: Callable[[Place], Iterable[Figure]]


def ratio(what: str, ours: str, other: str, value: float, *, least: float, same: bool = True) -> Figure:
    """A row whose comparison should come to `least` or more; it counts only if the reports are the `same`."""
    shown = what if same else f"{what} (THE REPORTS DIFFER)"
    return Figure(shown, ours, other, f"{value:.2f} x", f"at least {least:g} x", same and value >= least)


def pace(lines: int, seconds: float) -> str:
    """Seconds, and lines per second, as a table shows them."""
    return f"{seconds:.2f} s ({lines / seconds:,.0f} lines/s)"
