"""A report into the store and out of it again. Everything but its lines is one JSON object; the lines a file."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any

from vigilog.core.clock import local
from vigilog.core.nouns import Heading, Notice
from vigilog.report.document import Facts, Report, Section
from vigilog.store.reports import StoredReport, add_report, section_lines

REPORT_KIND = "check"


def keep(connection: sqlite3.Connection, report: Report) -> int:
    """Stores `report` with its lines, pending; gives its number. To be called within a transaction. Raises StoreError.

    Lines are stored in full: a summary is made when the report is printed.
    """
    return add_report(
        connection,
        created=report.created.timestamp(),
        host=report.host,
        subject=report.subject,
        kind=REPORT_KIND,
        meta=_meta(report),
        sections=(section.pieces() for section in report.sections),
    )


def recall(connection: sqlite3.Connection, stored: StoredReport) -> Report:
    """The report as it was kept, its lines read from the store when they are printed. A delivery that was begun before marks
    it as repeated."""
    meta: Mapping[str, Any] = stored.meta
    sections = [
        Section(
            heading=Heading(*section["heading"]),
            title=section["title"],
            places=tuple(section["places"]),
            count=section["count"],
            pieces=partial(section_lines, connection, stored.id, place),
        )
        for place, section in enumerate(meta["sections"])
    ]
    return Report(
        host=stored.host,
        created=datetime.fromisoformat(meta["created"]),
        subject=stored.subject,
        sections=tuple(sections),
        preface=tuple(meta["preface"]),
        header=_bytes(meta["header"]),
        footer=_bytes(meta["footer"]),
        errors=tuple(meta["errors"]),
        notices=tuple(Notice(**notice) for notice in meta["notices"]),
        repeated=local(stored.attempted_at) if stored.attempted_at is not None else None,
        facts=Facts(**{**meta["facts"], "sources": tuple(meta["facts"]["sources"])}),
    )


def _meta(report: Report) -> dict[str, object]:
    return {
        "created": report.created.isoformat(),
        "preface": report.preface,
        "header": _text(report.header),
        "footer": _text(report.footer),
        "errors": report.errors,
        "notices": [asdict(notice) for notice in report.notices],
        "facts": asdict(report.facts),
        "sections": [
            {"heading": section.heading, "title": section.title, "places": section.places, "count": section.count}
            for section in report.sections
        ],
    }


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "surrogateescape")


def _bytes(value: str | None) -> bytes | None:
    return None if value is None else value.encode("utf-8", "surrogateescape")
