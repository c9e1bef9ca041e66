"""The report for somebody who sits in front of it: colour by class, the rule file and the count beside each section, what was
read and what to do next. Plain escape sequences: loading a library for them would take as long as a whole run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from vigilog.core.nouns import KINDS, Kind
from vigilog.core.visible import visible, visible_line
from vigilog.report.document import Facts, Report, Section, warnings
from vigilog.report.subjects import WARNINGS
from vigilog.report.text import underline
from vigilog.report.visible import Write

_BOLD, _DIM, _RED, _YELLOW, _CYAN, _GREEN = b"1", b"2", b"1;31", b"1;33", b"1;36", b"1;32"
_COLOUR: dict[Kind, bytes] = {"attack": _RED, "violation": _YELLOW, "unusual": _CYAN}
_NAMES: dict[Kind, tuple[str, str]] = {
    "attack": ("attack line", "attack lines"),
    "violation": ("violation line", "violation lines"),
    "unusual": ("unusual line", "unusual lines"),
}
_STAMP = re.compile(
    rb"^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:?\d\d))(?= )", re.MULTILINE
)
_SOURCES = 8
_DIMMED = b"\x1b[2m\\g<0>\x1b[0m"

Paint = Callable[[bytes, str], bytes]


def terminal(report: Report, write: Write, *, visible: bool = True, colour: bool = True) -> None:
    """The report with a summary before and after it. `colour`: with escape sequences for colours.

    `visible` is here because renderers have it: log text never reaches a terminal as it is.
    """
    del visible
    paint = _painted if colour else _plain
    for line in _head(report, paint):
        write(line + b"\n")
    for error in report.errors:
        write(paint(_RED, error) + b"\n")
    for section in report.sections:
        write(b"\n" + _title(section, paint))
        for piece in section.pieces():
            write(_lines(piece, colour=colour))
    told = warnings(report)
    if told:
        write(b"\n" + paint(_YELLOW, WARNINGS) + b"\n" + paint(_DIM, underline(WARNINGS)) + b"\n")
        for warning in told:
            write(visible_line(warning).encode() + b"\n")
    write(b"\n")
    for line in _tail(report, paint):
        write(line + b"\n")


def _head(report: Report, paint: Paint) -> Iterator[bytes]:
    yield paint(_BOLD, f"{report.host}, {report.created:%Y-%m-%d %H:%M:%S %z}")
    if report.facts.sources:
        yield paint(_DIM, "read: ") + visible_line(_named(report.facts.sources)).encode()
    for line in report.preface:
        yield paint(_DIM, line)


def _named(sources: tuple[str, ...]) -> str:
    rest = len(sources) - _SOURCES
    return ", ".join(sources[:_SOURCES]) + (f" and {rest} more" if rest > 0 else "")


def _title(section: Section, paint: Paint) -> bytes:
    beside = [_counted(section.count, "line", "lines")]
    if section.folds is not None:
        beside[0] += ", summarized"
    beside += section.places
    title = visible_line(section.title)
    return (
        paint(_COLOUR[section.heading.kind], title)
        + b"  "
        + paint(_DIM, "  ".join(beside))
        + b"\n"
        + paint(_DIM, underline(title))
        + b"\n"
    )


def _lines(piece: bytes, *, colour: bool) -> bytes:
    harmless = visible(piece)
    return _STAMP.sub(_DIMMED, harmless) if colour else harmless


def _tail(report: Report, paint: Paint) -> Iterator[bytes]:
    found = [(kind, sum(section.count for section in report.sections if section.heading.kind == kind)) for kind in KINDS]
    counts = [paint(_COLOUR[kind], _counted(count, *_NAMES[kind])) for kind, count in found if count]
    yield b", ".join(counts) if counts else paint(_GREEN, "Nothing to report.")
    yield paint(_DIM, _work(report.facts))
    if report.facts.next_step:
        yield visible_line(report.facts.next_step).encode()


def _work(facts: Facts) -> str:
    sources = _counted(len(facts.sources), "source", "sources")
    parts = [f"{_counted(facts.lines, 'line', 'lines')} ({_size(facts.bytes)}) read from {sources}"]
    if facts.ignored is not None:
        parts.append(f"{facts.ignored:,} ignored")
    if facts.seconds > 0:
        parts.append(f"{facts.seconds:.2f} s" + (f", {facts.lines / facts.seconds:,.0f} lines/s" if facts.lines else ""))
    return "; ".join(parts)


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _size(number: int) -> str:
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= factor:
            return f"{number / factor:.1f} {unit}"
    return f"{number} bytes"


def _painted(colour: bytes, text: str) -> bytes:
    return b"\x1b[" + colour + b"m" + visible_line(text).encode() + b"\x1b[0m"


def _plain(colour: bytes, text: str) -> bytes:  # noqa: ARG001 - the signature of Paint
    return visible_line(text).encode()
