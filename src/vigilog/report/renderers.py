"""The forms a report can be printed in, by name."""

from __future__ import annotations

from typing import Protocol

from vigilog.report.document import Report
from vigilog.report.terminal import terminal
from vigilog.report.text import debian, psionic
from vigilog.report.visible import Write


class Renderer(Protocol):
    """Prints a report. `visible`: log text is made harmless for terminals and mail readers first."""

    def __call__(self, report: Report, write: Write, *, visible: bool = ...) -> None: ...


def json(report: Report, write: Write, *, visible: bool = False) -> None:
    """One JSON document, all ASCII: nothing in it can harm a terminal, so that `visible` changes nothing."""
    from vigilog.report.structured import structured  # noqa: PLC0415 - loads json, which other forms do without

    del visible
    structured(report, write)


RENDERERS: dict[str, Renderer] = {"debian": debian, "psionic": psionic, "terminal": terminal, "json": json}
