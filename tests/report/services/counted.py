"""Logs given to a service, and what its section says then."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

from vigilog.parse.stamps import stamp
from vigilog.report.section import Section
from vigilog.report.services import SERVICES

ARRIVED = 1795200000.0
"""2026-11-20 18:40 UTC: after everything in the lab's logs."""


def counted(service: str, *logs: bytes | Path, block: int = 0) -> Section:
    """The section of a service after these logs, each given whole, or in blocks of so many lines."""
    counting = SERVICES[service].Counting()
    for log in logs:
        lines = log if isinstance(log, bytes) else log.read_bytes()
        whole = re.findall(rb"[^\n]*\n|[^\n]+", lines) if block else [lines]
        for at in range(0, len(whole), block or 1):
            counting.see(b"".join(whole[at : at + (block or 1)]), partial(stamp, arrived=ARRIVED))
    return counting.section()


def table(section: Section, title: str) -> dict[Any, Any]:
    """A table's rows: what stands before the count, and the count."""
    return {
        row[0] if len(row) == 2 else row[:-1]: row[-1] for each in section.tables if each.title == title for row in each.rows
    }


def unmatched(section: Section) -> list[str]:
    return [line for line, _ in section.unmatched]
