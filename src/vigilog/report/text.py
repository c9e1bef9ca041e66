"""Plain text, to the byte as the tools that Vigilog replaces print it."""

from __future__ import annotations

from collections.abc import Iterable

from vigilog.report.document import Report, Section, warnings
from vigilog.report.subjects import WARNINGS
from vigilog.report.visible import Write, visibly


def debian(report: Report, write: Write, *, visible: bool = False) -> None:
    """Logcheck 1.4.2 (`report`, `setintro`, `setfooter`): header, read errors, sections, warnings, footer.

    Warnings take the section that logcheck's source has for them and never fills. `visible`: for a mail or a terminal.
    """
    out = visibly(write) if visible else write
    _write_lines(out, report.preface)
    if report.header:
        out(report.header)
    if report.errors:
        out(b"\n")
        _write_lines(out, report.errors)
        out(b"\n")
    for section in report.sections:
        _write_section(out, section)
        out(b"\n")
    if told := warnings(report):
        out(titled(WARNINGS))
        _write_lines(out, told)
        out(b"\n")
    if report.footer:
        out(report.footer)


def psionic(report: Report, write: Write, *, visible: bool = False) -> None:
    """Logcheck 1.1: before each section an empty line, after it none. What it never knew (read errors, warnings) comes last."""
    out = visibly(write) if visible else write
    for section in report.sections:
        out(b"\n")
        _write_section(out, section)
    if told := (*report.errors, *warnings(report)):
        out(b"\n" + titled(WARNINGS))
        _write_lines(out, told)


def underline(title: str) -> str:
    """`=-=-=`, as many characters as `title` has (logcheck counts characters in a UTF-8 locale, bytes in C)."""
    return ("=-" * len(title))[: len(title)]


def titled(title: str) -> bytes:
    """A title and its underline, a line each."""
    return encoded(f"{title}\n{underline(title)}\n")


def encoded(text: str) -> bytes:
    """Text as bytes; what came from a file's name goes out as it came in."""
    return text.encode("utf-8", "surrogateescape")


def _write_section(write: Write, section: Section) -> None:
    write(titled(section.title))
    for piece in section.pieces():
        write(piece)


def _write_lines(write: Write, lines: Iterable[str]) -> None:
    for line in lines:
        write(encoded(line.replace("\n", "\\n") + "\n"))
