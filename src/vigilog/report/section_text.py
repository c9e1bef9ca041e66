"""A Section as the text under a logwatch report's title."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vigilog.core.visible import shown
from vigilog.report.section import Cell, Section, Table

_ALL = 10
_ROWS = ((5, 20), (_ALL, 100))
_WIDEST = 60


def section_text(section: Section, detail: int) -> str:
    """The tables that `detail` asks for, each with its first rows (all of them from 10 on), then the lines that were not
    understood. '' if there is nothing to say. Harmless: what the log had in it is spelled out where it is no plain text."""
    most = most_rows(detail)
    parts = ["\n".join(_table(table, most)) for table in section.tables if table.rows and table.detail <= detail]
    if section.unmatched:
        parts.append("\n".join(_unmatched(section.unmatched, most)))
    return "\n\n".join(parts) + "\n" if parts else ""


def most_rows(detail: int) -> int | None:
    """How many rows of a table are shown; None for all."""
    return next((rows for below, rows in _ROWS if detail < below), None)


def _table(table: Table, most: int | None) -> Iterator[str]:
    yield f"{table.title}:"
    rows = [tuple(_cell(cell) for cell in row) for row in table.rows[:most]]
    numeric = [all(isinstance(row[at], int | float) for row in table.rows) for at in range(len(table.columns))]
    if len(table.columns) > 2:
        rows.insert(0, table.columns)
    widths = [min(_WIDEST, max(len(row[at]) for row in rows)) for at in range(len(table.columns))]
    for row in rows:
        cells = [
            cell.rjust(width) if number else cell.ljust(width) for cell, width, number in zip(row, widths, numeric, strict=True)
        ]
        yield ("   " + "  ".join(cells)).rstrip()
    yield from _rest(len(table.rows), most)


def _unmatched(unmatched: tuple[tuple[str, int], ...], most: int | None) -> Iterator[str]:
    yield "**Unmatched Entries**"
    for line, count in unmatched[:most]:
        yield f"   {shown(line)}: {count} Time(s)"
    yield from _rest(len(unmatched), most)


def _rest(rows: int, most: int | None) -> Iterable[str]:
    if most is not None and rows > most:
        yield f"   ... and {rows - most} more (--detail {_ALL} shows them all)"


def _cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return shown(cell)
    return f"{cell:.3f}" if isinstance(cell, float) else str(cell)
