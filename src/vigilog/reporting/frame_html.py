"""A report as one HTML page. What Vigilog counted has tables and pictures; what scripts print stands as they printed it."""

from __future__ import annotations

import time

from vigilog.config.logwatch import number
from vigilog.core.clock import Clock
from vigilog.core.visible import shown
from vigilog.report.html_page import Part, lines_html, page
from vigilog.report.html_pictures import Span, can_draw, pictures
from vigilog.report.section import Section
from vigilog.report.section_html import line_count, section_html
from vigilog.reporting.asked import Asked
from vigilog.reporting.frame import Ignoring, Output, Report, TextFrame, dates
from vigilog.reporting.time_patterns import stretches

_WITHOUT = "Without pictures: pip install 'vigilog[html]' brings what draws them."


class HtmlFrame:
    """The report as an HTML page with everything in it."""

    def __init__(self, asked: Asked, clock: Clock) -> None:
        self.begun = False
        self._asked = asked
        self._clock = clock
        self._ignores = Ignoring(asked.conf.ignored)
        self._parts: list[Part] = []
        self._warnings: list[str] = []
        self._draws = can_draw()
        self._missed = False
        self._plain = TextFrame(asked, clock) if asked.output == "mail" else None

    def add(self, output: Output) -> None:
        """A card of the page, if there is anything to say."""
        if self._plain:
            self._plain.add(output)
        kept = [line for line in output.lines if not self._ignores(line)]
        ignored = len(output.lines) - len(kept)
        if output.section:
            body = self._counted(output.section)
        else:
            body = self._printed(kept) if any(line.strip() for line in kept) else ""
        if not body:
            return
        self.begun = True
        told = line_count(output.section) if output.section else ""
        if ignored and not self._asked.conf.turned_on("suppress_ignores"):
            told += f"{', ' if told else ''}{ignored} ignored"
        self._parts.append(Part(output.title or output.service, body, told))

    def warn(self, text: str) -> None:
        """Below the head of the page."""
        if self._plain:
            self._plain.warn(text)
        self._warnings.append(text.strip())

    def finish(self) -> Report:
        """The page."""
        if not self.begun:
            return Report(b"")
        asked = self._asked
        facts = [f"Range: {asked.wanted.text}" + ("" if asked.wanted.everything else f" {dates(asked)}")]
        facts += [f"Lines of {asked.hosts} only"] if asked.hosts else []
        facts += [f"Made {time.ctime(self._clock())} at detail {asked.detail}"]
        end = _WITHOUT if self._missed else ""
        text = self._plain.finish().body if self._plain else b""
        return Report(page(f"What happened on {asked.host}", facts, self._warnings, self._parts, end).encode(), text)

    def _counted(self, section: Section) -> str:
        if not section.lines:
            return ""
        detail = int(number(self._asked.detail_of(section.service)))
        section = self._without_ignored(section)
        drawn = []
        if self._draws:
            drawn = pictures(section, _span(self._asked))
        else:
            self._missed |= bool(section.events) or any(table.drawn and len(table.rows) > 1 for table in section.tables)
        return section_html(section, detail, drawn)

    def _without_ignored(self, section: Section) -> Section:
        """The section without rows and lines that nobody wants to see."""
        if not self._asked.conf.ignored:
            return section

        def wanted(*cells: object) -> bool:
            text = "   " + "  ".join(shown(str(cell)) for cell in cells)
            return not self._ignores(text.encode("utf-8", "surrogateescape"))

        tables = tuple(table._replace(rows=tuple(row for row in table.rows if wanted(*row))) for table in section.tables)
        return section._replace(tables=tables, unmatched=tuple(row for row in section.unmatched if wanted(row[0])))

    def _printed(self, lines: list[bytes]) -> str:
        texts = [line.decode("utf-8", "surrogateescape").rstrip("\r\n").expandtabs() for line in lines]
        while texts and not texts[0].strip():
            texts.pop(0)
        while texts and not texts[-1].strip():
            texts.pop()
        return lines_html(texts, self._asked.html_wrap)


def _span(asked: Asked) -> Span:
    """From when to when a picture goes: the range, where it has ends."""
    if asked.wanted.everything:
        return None
    found = stretches(asked.wanted)
    return float(found[0][0]), float(found[-1][1])
