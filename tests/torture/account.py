"""The account at the end: what was written, what the store holds, what was printed, and whether they agree."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from tests.torture.printed import Printed

BLANKS = b" \t\r\v\f"
STARS = b"***"
"""So begin the lines that logtail puts into a log, and nothing that anybody writes here."""
SHRANK = re.compile(rb"\*\*\* WARNING \*\*\*: Log file .* is smaller than last time checked!")


def seen(line: bytes) -> bytes:
    """A record as logcheck prints it: without the blanks at its end."""
    return line.rstrip(BLANKS)


def stored_lines(database: Path) -> list[bytes]:
    """All lines of all reports in the store, in the order of the reports."""
    with closing(sqlite3.connect(database)) as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = store.execute("SELECT report, start, length FROM sections ORDER BY report, section").fetchall()
    texts = {report: (database.parent / "reports" / str(report)).read_bytes() for report, _, _ in rows}
    return b"".join(texts[report][start : start + length] for report, start, length in rows).split(b"\n")[:-1]


def strays(database: Path) -> list[str]:
    """Files of lines that are of no report, and reports whose lines are not there."""
    with closing(sqlite3.connect(database)) as store:
        reports = {str(number) for (number,) in store.execute("SELECT id FROM reports")}
    files = {path.name for path in (database.parent / "reports").glob("*")}
    return [f"lines of no report: {name}" for name in sorted(files - reports)] + [
        f"report without its lines: {name}" for name in sorted(reports - files)
    ]


def said_losses(database: Path) -> list[str]:
    """What the reports in the store say of records that may be lost: notices, and logtail's warning where a log shrank."""
    with closing(sqlite3.connect(database)) as store:
        rows = store.execute("SELECT meta FROM reports ORDER BY id").fetchall()
    notices = [f"{notice['kind']}: {notice['text']}" for row in rows for notice in json.loads(row[0])["notices"]]
    return notices + [line.decode() for line in stored_lines(database) if SHRANK.match(line)]


def undelivered(database: Path) -> int:
    """How many reports wait for their delivery."""
    with closing(sqlite3.connect(database)) as store:
        number: int = store.execute("SELECT count(*) FROM reports WHERE status != 'delivered'").fetchone()[0]
    return number


def stored_once(database: Path, written: Mapping[str, Sequence[bytes]]) -> list[str]:
    """What is wrong with the store: each log's records (`written`, by a word that only its records hold) must be in it
    exactly once, in their order, and nothing else."""
    faults = []
    lines = stored_lines(database)
    for word, records in written.items():
        expected = [seen(record) for record in records]
        found = [line for line in lines if word.encode() in line]
        if found != expected:
            faults.append(f"{word}: {difference(expected, found)}")
    others = [line for line in lines if not any(word.encode() in line for word in written) and not line.startswith(STARS)]
    if others:
        faults.append(f"in no log: {others[:5]}")
    return faults


def difference(expected: Sequence[bytes], found: Sequence[bytes]) -> str:
    """What the one has and the other has not, and where their order differs first."""
    missing, extra = Counter(expected) - Counter(found), Counter(found) - Counter(expected)
    if missing or extra:
        return f"{missing.total()} missing {list(missing)[:5]}, {extra.total()} too many {list(extra)[:5]}"
    first = next(index for index, pair in enumerate(zip(expected, found, strict=True)) if pair[0] != pair[1])
    return f"in another order from record {first}: {found[first]!r} where {expected[first]!r} was written"


def printed_marked(printed: Iterable[Printed], written: Mapping[str, Sequence[bytes]]) -> list[str]:
    """What is wrong with the output: each record must have been printed, and a report that prints one again must say so,
    unless it was cut off before it could."""
    faults = []
    known: set[bytes] = set()
    for number, report in enumerate(printed):
        again = known.intersection(report.records)
        if again and report.whole and not report.repeated:
            faults.append(f"report {number} repeats {len(again)} records and does not say so: {sorted(again)[:3]}")
        if len(set(report.records)) != len(report.records):
            faults.append(f"report {number} prints a record twice")
        known.update(report.records)
    expected = {seen(record) for records in written.values() for record in records}
    if expected - known:
        faults.append(f"{len(expected - known)} never printed: {sorted(expected - known)[:5]}")
    if known - expected:
        faults.append(f"{len(known - expected)} printed that nobody wrote: {sorted(known - expected)[:5]}")
    return faults
