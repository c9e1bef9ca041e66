"""Sections on a terminal, as far as its height goes, as `rich` shows them. Imported only where somebody sits in front."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table as Shown
from rich.text import Text

from vigilog.core.visible import shown
from vigilog.report.section import Cell, Section, Series, Table

MOST_ROWS = 10
_WIDEST = 40
_LAST = 48
"""So many buckets of a series are drawn."""
_BARS = "▁▂▃▄▅▆▇█"


def screen(sections: Iterable[Section], detail: int) -> RenderableType:
    """What was counted, side by side where there is room. Text of logs is made harmless."""
    return Group(*(part for section in sections for part in _section(section, detail)))


def _section(section: Section, detail: int) -> Iterator[RenderableType]:
    yield Rule(Text(f"{shown(section.title)}: {section.lines:,} lines", style="bold"))
    for series in section.events:
        yield _plot(series)
    if section.unmatched:
        rows = tuple((line, count) for line, count in section.unmatched)
        yield _table(Table("Unmatched entries", ("line", "count"), rows), widest=None)
    yield Columns([_table(table) for table in section.tables if table.rows and table.detail <= detail], padding=(0, 4))


def _table(table: Table, widest: int | None = _WIDEST) -> RenderableType:
    made = Shown(box=None, show_header=len(table.columns) > 2, header_style="dim", pad_edge=False)
    for number, column in enumerate(table.columns):
        is_text = any(isinstance(row[number], str) for row in table.rows[:MOST_ROWS])
        made.add_column(Text(column), justify="left" if is_text else "right", max_width=widest, no_wrap=True)
    for row in table.rows[:MOST_ROWS]:
        made.add_row(*map(_cell, row))
    if len(table.rows) > MOST_ROWS:
        made.add_row(Text(f"and {len(table.rows) - MOST_ROWS:,} more", style="dim"))
    return Group(Text(shown(table.title), style="bold"), made, "")


def _cell(cell: Cell) -> Text:
    if isinstance(cell, str):
        return Text(shown(cell), overflow="ellipsis")
    return Text(f"{cell:,.3f}" if isinstance(cell, float) else f"{cell:,}")


def _plot(series: Series) -> Text:
    counts = [count for _, count in series.points[-_LAST:]]
    most = max(counts)
    bars = "".join(_BARS[min(len(_BARS) - 1, count * len(_BARS) // (most + 1))] for count in counts)
    return Text.assemble((f"{shown(series.title)}  ", "bold"), (bars, "cyan"), f"  at most {most:,} in ten minutes")
