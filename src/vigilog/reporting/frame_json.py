"""A report as JSON: one object, with what services say as lines, and as tables where Vigilog counted them."""

from __future__ import annotations

import json
from typing import Any

from vigilog.config.logwatch import number
from vigilog.core.clock import Clock, local
from vigilog.report.section_json import section_json
from vigilog.reporting.asked import Asked
from vigilog.reporting.frame import Ignoring, Output, Report


class JsonFrame:
    """The report as one JSON object on a line of its own."""

    def __init__(self, asked: Asked, clock: Clock) -> None:
        self.begun = False
        self._asked = asked
        self._clock = clock
        self._ignores = Ignoring(asked.conf.ignored)
        self._sections: list[dict[str, Any]] = []
        self._warnings: list[str] = []

    def add(self, output: Output) -> None:
        """Lines as text, without their newlines; what is no UTF-8 in them is spelled out."""
        lines = [line for line in output.lines if not self._ignores(line)]
        if not output.section and not any(line.strip() for line in lines):
            return
        if output.section and not output.section.lines:
            return
        self.begun = True
        detail = self._asked.detail_of(output.service)
        told: dict[str, Any] = {"service": output.service, "title": output.title, "detail": int(number(detail))}
        if output.section:
            told |= section_json(output.section, number(detail))
        else:
            told["lines"] = [line.decode("utf-8", "backslashreplace").rstrip("\n") for line in lines]
        told["ignored"] = len(output.lines) - len(lines)
        self._sections.append(told)

    def warn(self, text: str) -> None:
        """Among the warnings."""
        self._warnings.append(text.strip())

    def finish(self) -> Report:
        """The object."""
        if not self.begun:
            return Report(b"")
        asked = self._asked
        head = {
            "initiated": local(self._clock()).isoformat(timespec="seconds"),
            "range": asked.wanted.text,
            "period": asked.wanted.period,
            "begin": None if asked.wanted.everything else local(asked.wanted.instants[0]).isoformat(timespec="seconds"),
            "end": None if asked.wanted.everything else local(asked.wanted.instants[-1]).isoformat(timespec="seconds"),
            "detail": int(number(asked.detail)),
            "host": asked.host,
            "hosts": asked.hosts.split(",") if asked.hosts else [],
            "warnings": self._warnings,
            "sections": self._sections,
        }
        return Report(json.dumps(head, ensure_ascii=True).encode() + b"\n")
