"""The report as a value: everything that a renderer needs, and nothing about how it looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from vigilog.core.nouns import Heading, Notice


@dataclass(frozen=True, slots=True)
class Fold:
    """Lines that differ only in numbers, addresses and names: how many, the stamps of the first and the last as they stand
    in them (empty where they have none), the hosts that wrote them (`...` stands for those that are too many), and what
    the lines have in common; a single line's own text."""

    count: int
    first: bytes
    last: bytes
    hosts: tuple[bytes, ...]
    text: bytes


@dataclass(frozen=True, slots=True)
class Section:
    """What is reported under one heading.

    `title` is what Debian's logcheck prints (`Security Events for sshd`), `places` the rule files behind it, `count` the
    number of lines, `pieces` gives them as blocks of whole lines, as often as it is called. `folds` is there where the
    section was summarized; its `pieces` are then the summary as text.
    """

    heading: Heading
    title: str
    places: tuple[str, ...]
    count: int
    pieces: Callable[[], Iterator[bytes]]
    folds: Callable[[], Iterator[Fold]] | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the run did: the sources that were read, lines and bytes in them, how many lines no section shows (None if not
    known), how many seconds it took, and what the reader may want to do next (empty: nothing is proposed)."""

    sources: tuple[str, ...] = ()
    lines: int = 0
    bytes: int = 0
    ignored: int | None = None
    seconds: float = 0.0
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """One report about one host.

    `preface` are lines above the header (logcheck explains its first look at the journal there), `header` and `footer` the
    bytes of header.txt and footer.txt (None: there is none), `errors` lines such as `E: File could not be read: X`,
    `repeated` when a delivery of this same report was begun whose end is not known.
    """

    host: str
    created: datetime
    subject: str
    sections: tuple[Section, ...] = ()
    preface: tuple[str, ...] = ()
    header: bytes | None = None
    footer: bytes | None = None
    errors: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    repeated: datetime | None = None
    facts: Facts = Facts()


def silent(report: Report) -> bool:
    """Whether nothing is worth a mail or output: no section, no read error, no notice (logcheck 1.4.2: no section)."""
    return not (report.sections or report.errors or report.notices)


def warnings(report: Report) -> tuple[str, ...]:
    """What must be said about the report's own making, a line each: notices, and whether it is a repetition."""
    told = [
        notice.text if not notice.source or notice.source in notice.text else f"{notice.source}: {notice.text}"
        for notice in report.notices
    ]
    if report.repeated:
        told.append(
            f"This report may have reached you before: its delivery began on {report.repeated:%Y-%m-%d %H:%M:%S %z}, "
            "and whether it arrived is not known."
        )
    return tuple(told)
