"""A Section as an object for JSON."""

from __future__ import annotations

from typing import Any

from vigilog.report.section import Section


def section_json(section: Section, detail: float) -> dict[str, Any]:
    r"""`lines_read`, the `tables` that a detail asks for with all their rows, `unmatched` lines, and `events`: for each series
    the seconds since the epoch at which a bucket begins, and how many. Bytes that were no UTF-8 become `\xff`."""
    return {
        "lines_read": section.lines,
        "tables": [
            {"title": table.title, "columns": table.columns, "rows": [list(map(_cell, row)) for row in table.rows]}
            for table in section.tables
            if table.detail <= detail
        ],
        "unmatched": [{"line": _cell(line), "count": count} for line, count in section.unmatched],
        "events": [{"title": series.title, "points": series.points} for series in section.events],
    }


def _cell(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return value
