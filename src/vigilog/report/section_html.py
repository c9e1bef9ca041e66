"""A Section as a piece of HTML: pictures, the tables that a detail asks for, and the lines that were not understood.

Readable in a mail client and on a telephone: no script, no style sheet, nothing loaded from elsewhere. Two columns of
narrow tables become one where there is no room for two.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator

from vigilog.report.html_pictures import NARROW, WIDE, Picture
from vigilog.report.html_words import INK, MONO, MUTED, RULE, WARNING, WRAPS, element, harmless
from vigilog.report.section import Cell, Section, Table
from vigilog.report.section_text import most_rows

_NARROW_BOX = f"display:inline-block;vertical-align:top;width:100%;max-width:{NARROW}px;margin:0 8px 14px 0"
_WIDE_BOX = f"margin:0 8px 14px 0;max-width:{WIDE}px"
_TITLE = f"margin:0 0 4px;font-size:14px;color:{INK}"
_TABLE = f"border-collapse:collapse;width:100%;font-size:13px;line-height:1.35;border-color:{RULE};{WRAPS}"
_UNMATCHED = f"{_TABLE};font-family:{MONO};font-size:12px"
_HEAD = f"color:{MUTED};font-size:12px"
_REST = f"margin:2px 0 0;color:{MUTED};font-size:12px"
_COUNTS = f"margin:0 0 12px;color:{MUTED};font-size:13px"
_NARROW_COLUMNS = 2


def section_html(section: Section, detail: int, pictures: Iterable[Picture] = ()) -> str:
    """What stands below the title of a section; '' if there is nothing to say."""
    most = most_rows(detail)
    tables = [table for table in section.tables if table.rows and table.detail <= detail]
    parts = [*map(picture_html, pictures), *(_table(table, most) for table in tables)]
    if section.unmatched:
        parts.append(_unmatched(section.unmatched, most))
    return element("p", _COUNTS, _counts(section)) + "\n" + "\n".join(parts) if parts else ""


def picture_html(picture: Picture) -> str:
    """A picture, whole within the page (a data: URI)."""
    source = f"data:image/png;base64,{b64encode(picture.png).decode()}"
    style = f"display:inline-block;vertical-align:top;width:100%;max-width:{picture.width}px;height:auto;margin:0 8px 14px 0"
    return f'<img src="{source}" alt="{harmless(picture.words)}" width="{picture.width}" style="{style}">'


def line_count(section: Section) -> str:
    """How many lines were the section's."""
    return f"{section.lines:,} line{'' if section.lines == 1 else 's'}"


def _counts(section: Section) -> str:
    strange = sum(count for _, count in section.unmatched)
    return line_count(section) + (f", {element('span', f'color:{WARNING}', f'{strange:,} not understood')}" if strange else "")


def _table(table: Table, most: int | None) -> str:
    narrow = len(table.columns) <= _NARROW_COLUMNS
    numeric = [all(isinstance(row[at], int | float) for row in table.rows) for at in range(len(table.columns))]
    rows = "\n".join(_row(row, numeric) for row in table.rows[:most])
    head = "" if narrow else f"{_head(table.columns, numeric)}\n"
    inner = element("h3", _TITLE, harmless(table.title)) + _lines(_TABLE, head + rows) + _rest(len(table.rows), most)
    return element("div", _NARROW_BOX if narrow else _WIDE_BOX, inner)


def _unmatched(unmatched: tuple[tuple[str, int], ...], most: int | None) -> str:
    rows = "\n".join(_row(row, (False, True)) for row in unmatched[:most])
    inner = element("h3", f"{_TITLE};color:{WARNING}", "Lines that were not understood") + _lines(_UNMATCHED, rows)
    return element("div", _WIDE_BOX, inner + _rest(len(unmatched), most))


def _lines(style: str, rows: str) -> str:
    return element("table", style, f"\n{rows}\n", 'cellpadding="4" rules="rows"')


def _head(columns: Iterable[str], numeric: Iterable[bool]) -> str:
    cells = (
        f'<th align="{"right" if number else "left"}">{harmless(name)}</th>'
        for name, number in zip(columns, numeric, strict=True)
    )
    return element("tr", _HEAD, "".join(cells))


def _row(row: Iterable[Cell], numeric: Iterable[bool]) -> str:
    return f'<tr valign="top">{"".join(_cells(row, numeric))}</tr>'


def _cells(row: Iterable[Cell], numeric: Iterable[bool]) -> Iterator[str]:
    for cell, number in zip(row, numeric, strict=True):
        yield f'<td align="right" nowrap>{_cell(cell)}</td>' if number else f"<td>{_cell(cell)}</td>"


def _cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return harmless(cell)
    return f"{cell:,.3f}".rstrip("0").rstrip(".") if isinstance(cell, float) else f"{cell:,}"


def _rest(rows: int, most: int | None) -> str:
    return (
        element("p", _REST, f"and {rows - most:,} more (--detail 10 shows them all)")
        if most is not None and rows > most
        else ""
    )
