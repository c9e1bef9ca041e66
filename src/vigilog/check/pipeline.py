"""The chain of `vigilog check`: sources, verdicts, ordered runs of lines, a report; and the one transaction that commits it.

Lines and the positions behind them are committed together before the report is handed over: killed at any point, the next
run delivers what was committed and not delivered, and reads what was not committed. No line goes unreported.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

from vigilog.check import rule_set
from vigilog.check.titles import introduction, next_step, places, subject, title
from vigilog.config.settings import Settings
from vigilog.core.clock import Clock, local
from vigilog.core.errors import SourceError, StoreError
from vigilog.core.nouns import KINDS, Chunk, Heading, Notice, Position
from vigilog.core.seams import Judge, Source
from vigilog.report import archive
from vigilog.report.document import Facts, Report, Section, silent
from vigilog.report.order import Run, make_run
from vigilog.report.runs import Runs
from vigilog.store.database import transaction
from vigilog.store.positions import positions, save_positions
from vigilog.store.reports import forget_uncommitted
from vigilog.watch.options import Kafka, Options
from vigilog.watch.sources import open_source

CONSUMER = "check"
FIRST_JOURNAL = (
    "The journal is checked for the first time.",
    "Of its past only the last five hours are in this report.",
    "Take the word `journal` out of the list of logs if it is not wanted.",
)
Tell = Callable[[str], None]
Advance = Callable[[int, int], None]


class Judged(NamedTuple):
    """A block's reported lines, by heading and in order; how many of its lines are under a heading, and how many are not."""

    runs: list[tuple[Heading, Run]]
    shown: int
    ignored: int


@dataclass(slots=True)
class Reading:
    """What was read so far: where each source stands, and what must be said about it."""

    positions: dict[str, Position] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of one run over all sources. `runs` hold the report's lines until it is closed."""

    report: Report
    positions: tuple[Position, ...]
    runs: Runs
    unreadable: bool


def check(
    settings: Settings,
    store: sqlite3.Connection,
    clock: Clock,
    *,
    host: str,
    reboot: bool = False,
    tell: Tell = lambda _: None,
    advance: Advance = lambda _bytes, _lines: None,
) -> Checked:
    """Reads all sources from where the last run left them and makes the report about what is new. Commits nothing.

    `tell` takes what `-d` prints, `advance` the bytes of each block when it is read, and the lines of each when it is judged.
    Raises SourceError if there is nothing to read and the logs are missing, RuleError for a rule file that cannot be read.
    """
    begun = clock()
    rules = rule_set.load(settings)
    since = positions(store, CONSUMER)
    sources = opened(settings, clock)
    listed = {source.name: number for number, source in enumerate(sources)}
    reading = Reading(notices=list(rules.notices))
    runs = Runs(settings.check.order, directory=settings.check.temporary_directory or None)
    blocks = read_blocks(in_reading_order(sources, settings), since, reading, settings, tell, advance)
    work = partial(judged, rules.judge, settings.check.order)
    shown = ignored = 0
    for block in worked(work, blocks, settings.check.jobs):
        shown += block.shown
        ignored += block.ignored
        advance(0, block.shown + block.ignored)
        for heading, run in block.runs:
            runs.add(heading, run)
    absent = [notice for notice in reading.notices if notice.kind in ("missing", "unreadable") and notice.source in listed]
    errors = tuple(f"E: {notice.text}" for notice in sorted(absent, key=lambda notice: listed[notice.source]))
    if errors and not reading.bytes:
        raise SourceError("\n".join(errors))
    report = Report(
        host=host,
        created=local(begun),
        subject="",
        sections=sections(settings, runs),
        preface=FIRST_JOURNAL if "journal" in settings.check.sources and not any(map(is_journal, since)) else (),
        header=introduction(settings, "header.txt"),
        footer=introduction(settings, "footer.txt"),
        errors=errors,
        notices=tuple(notice for notice in reading.notices if notice not in absent),
        facts=Facts(tuple(source.name for source in sources), shown + ignored, reading.bytes, ignored, clock() - begun),
    )
    facts = replace(report.facts, next_step=next_step(settings, shown))
    report = replace(report, subject=subject(settings, report, reboot=reboot), facts=facts)
    unreadable = any(notice.kind == "unreadable" for notice in reading.notices)
    return Checked(report, tuple(reading.positions.values()), runs, unreadable)


def worked(work: Callable[[bytes], Judged], blocks: Iterator[bytes], jobs: int) -> Iterator[Judged]:
    """`work` on each block, in order; by `jobs` processes, this one among them."""
    if jobs == 1:
        return map(work, blocks)
    from vigilog.parallel import ordered  # noqa: PLC0415 - for those who ask for more than one process

    return ordered(work, blocks, jobs - 1)


def is_journal(name: str) -> bool:
    """Whether a source of that name is a journal."""
    return name == "journal" or name.startswith("journal:")


def opened(settings: Settings, clock: Clock) -> list[Source]:
    """The sources, in the order in which the settings name them."""
    reached = Kafka()
    if any(spec.startswith("kafka:") for spec in settings.check.sources):
        from vigilog.config.kafka_sources import kafka  # noqa: PLC0415 - few read from there

        reached = kafka(settings)
    options = Options(clock, settings.check.first, settings.check.partial_lines, settings.state.takeover, reached)
    return [open_source(spec, options) for spec in settings.check.sources]


def in_reading_order(sources: list[Source], settings: Settings) -> list[Source]:
    """Debian's logcheck sorts what it has collected under the logs' base names: they decide the order of equal stamps."""
    if settings.check.order == "arrival":
        return sources
    return sorted(sources, key=lambda source: os.fsencode(os.path.basename(source.name)))


def read_blocks(
    sources: list[Source], since: dict[str, Position], reading: Reading, settings: Settings, tell: Tell, advance: Advance
) -> Iterator[bytes]:
    """The blocks of all sources, one after the other, while `reading` keeps the account of them."""
    for source in sources:
        tell(f"reading {source.name}")
        before = reading.bytes
        for item in source.read(since.get(source.name)):
            block = item.data if isinstance(item, Chunk) else noticed(item, reading, settings)
            if isinstance(item, Chunk):
                reading.positions[source.name] = item.position
            if block:
                reading.bytes += len(block)
                advance(len(block), 0)
                yield block
        tell(f"{source.name}: {reading.bytes - before:,} new bytes")


def noticed(notice: Notice, reading: Reading, settings: Settings) -> bytes:
    """Keeps a notice for the report; logcheck's logtail prints its warning about tampering into the log instead."""
    if notice.kind != "shrank" or settings.check.rules == "builtin":
        reading.notices.append(notice)
        return b""
    text = notice.text
    if settings.check.rules == "psionic":
        text = text.replace("*************** This", "***************\t This")
    return text.encode("utf-8", "surrogateescape") + b"\n"


def judged(judge: Judge, order: str, block: bytes) -> Judged:
    """What is reported of a block, each heading's lines in order. Runs in worker processes."""
    verdict, ignored, raised = judge(block)
    runs = [(heading, make_run(lines, order)) for heading, lines in verdict.items()]
    return Judged(runs, raised + sum(run.given for heading, run in runs if heading.kind == "unusual"), ignored)


def sections(settings: Settings, runs: Runs) -> tuple[Section, ...]:
    """The sections that have lines: attacks, violations, unusual events; in each class by the name of the rule file."""
    headings = runs.headings
    if any(heading.kind == "attack" for heading in headings):
        headings = tuple(heading for heading in headings if not heading.unless_attack)
    else:
        for heading in headings:
            if heading.unless_attack:
                runs.move(heading, heading._replace(unless_attack=False))
        headings = runs.headings
    ordered = sorted(headings, key=lambda heading: (KINDS.index(heading.kind), os.fsencode(heading.name)))
    return tuple(
        Section(
            heading, title(settings, heading), places(settings, heading), runs.count(heading), partial(runs.pieces, heading)
        )
        for heading in ordered
    )


def commit(store: sqlite3.Connection, checked: Checked) -> int | None:
    """Stores the report, if there is anything in it, and the positions behind its lines, together.

    Gives the report's number. From here on the lines count as reported: the report is delivered now or by the next run. If
    that fails, nothing is left of it: what the report would take up may be just what the disk lacks.
    """
    try:
        with transaction(store):
            number = None if silent(checked.report) else archive.keep(store, checked.report)
            save_positions(store, CONSUMER, checked.positions)
    except BaseException:
        with suppress(StoreError):
            forget_uncommitted(store)
        raise
    return number
