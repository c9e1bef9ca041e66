"""What stands around the sections of a report: logwatch 7.7's frame, byte for byte, its name included, so that whatever reads
such reports goes on reading them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

from vigilog.core.clock import Clock
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Place
from vigilog.report.section import Section
from vigilog.reporting.asked import Asked
from vigilog.reporting.expressions import perl_expression
from vigilog.reporting.time_patterns import alternatives

VERSION = "7.7"
RELEASED = "07/22/22"


class Output(NamedTuple):
    """What one service says. `lines`: each with its newline. `section`: the same in parts, if Vigilog counted it itself."""

    service: str
    title: str
    lines: list[bytes]
    section: Section | None = None


class Report(NamedTuple):
    """A report as it goes out; b"" if no service has said anything. `text`: the same as plain text, for a mail of HTML."""

    body: bytes
    text: bytes = b""


class Frame(Protocol):
    """A report as it grows."""

    begun: bool
    """Whether a service has said anything yet."""

    def add(self, output: Output) -> None:
        """What the next service says."""

    def warn(self, text: str) -> None:
        """What is to be said beside the sections; alone it makes no report."""

    def finish(self) -> Report:
        """The whole report."""


class Ignoring:
    """Lines that nobody wants to see (ignore.conf), by the expressions in it. Raises ConfigurationError."""

    def __init__(self, expressions: Iterable[str]) -> None:
        self._compiled = [_compiled(text) for text in expressions]

    def __call__(self, line: bytes) -> bool:
        """Whether a line is one of them."""
        return any(expression.search(line) for expression in self._compiled)


def _compiled(text: str) -> re.Pattern[bytes]:
    try:
        return re.compile(perl_expression(text))
    except re.error as error:
        raise ConfigurationError(f"{text!r}: {error}", place=Place("ignore.conf"), expected="a regular expression") from error


def summary(asked: Asked, clock: Clock) -> Iterator[str]:
    """The lines at the head of a report, as logwatch has them."""
    yield f"       Processing Initiated: {time.ctime(clock())}\n"
    yield f"       Date Range Processed: {asked.wanted.text}\n"
    if not asked.wanted.everything:
        yield f"                             {dates(asked)}\n"
        yield f"                             Period is {asked.wanted.period}.\n"
    yield f"       Detail Level of Output: {asked.detail}\n"
    yield f"       Type of Output/Format: {asked.output} / {asked.format}\n"
    yield f"       Logfiles for Host: {asked.host}\n"
    if asked.hosts:
        yield f"       Hosts limited to:  {asked.hosts}\n"


def dates(asked: Asked) -> str:
    """The first and the last instant of the range, as finely as its period: `( 2026-Nov-18 / 2026-Nov-19 )`."""
    written = alternatives(" %Y-%b-%d %Hh %Mm %Ss ", asked.wanted)
    shown = [_without_wild(text) for text in dict.fromkeys((written[0], written[-1]))]
    return f"({'/'.join(shown)})"


def _without_wild(text: str) -> str:
    text = re.sub(r"\.\.[hms]", "", text).replace(".", "")
    text = re.sub("-+", "-", text)
    text = re.sub(" -|- ", "", text, count=1)
    return re.sub(" +", " ", text)


class TextFrame:
    """The report as text."""

    def __init__(self, asked: Asked, clock: Clock) -> None:
        self.begun = False
        self._asked = asked
        self._clock = clock
        self._ignores = Ignoring(asked.conf.ignored)
        self._parts: dict[int, list[bytes]] = {}
        self._place = 0

    def add(self, output: Output) -> None:
        """Lines with a blank in front of each, under the title; what is blank before anything else is left out."""
        ignored, titled = 0, False
        for line in output.lines:
            if not self.begun and not line.strip():
                continue
            if self._ignores(line):
                ignored += 1
                continue
            self._begin()
            if output.title and not titled:
                titled = True
                self._place += 1
                own = self._asked.own_detail(output.service)
                word = f"Begin (detail={self._asked.detail_of(output.service)})" if own else "Begin"
                self._line(f"\n --------------------- {output.title} {word} ------------------------ \n\n")
            self._bytes(line)
        if titled:
            if ignored and not self._asked.conf.turned_on("suppress_ignores"):
                self._line(f"\n {ignored} Ignored Lines\n")
            self._line(f"\n ---------------------- {output.title} End ------------------------- \n\n")

    def warn(self, text: str) -> None:
        """Stands with the head of the report."""
        self._parts.setdefault(1, []).append(f" {text}".encode("utf-8", "surrogateescape"))

    def finish(self) -> Report:
        """The report, with its end."""
        if not self.begun:
            return Report(b"")
        self._line("\n ###################### Logwatch End ######################### \n\n")
        return Report(b"".join(piece for place in sorted(self._parts) for piece in self._parts[place]))

    def _begin(self) -> None:
        if self.begun:
            return
        self.begun = True
        self._place += 1
        self._line(f"\n ################### Logwatch {VERSION} ({RELEASED}) #################### \n")
        for line in summary(self._asked, self._clock):
            self._line(line)
        self._line("################################################################## \n")

    def _line(self, text: str) -> None:
        self._bytes(text.encode("utf-8", "surrogateescape"))

    def _bytes(self, line: bytes) -> None:
        self._parts.setdefault(self._place, []).append(b" " + line)
