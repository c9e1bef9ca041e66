"""Apache's forensic log (mod_log_forensic), and any request ledger in its form: requests that began and never ended."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Self

from vigilog.core.clock import local
from vigilog.parse.forensic_id import made
from vigilog.parse.forensic_line import forensic_line, header, request_of
from vigilog.report.section import Moment, Section, Table, text
from vigilog.report.tally import Row, Tally, totals

NAME = "http-forensic"
TITLE = "HTTPD Forensic"
GROUPS = ("http-forensic",)

# The line, the ID, its seconds if it tells them in hex, the method; or the ID of one that ended; or a line of another form.
_ROW = re.compile(
    rb"^(?:(\+(\d{1,10}:([0-9a-f]{1,16}):[0-9a-f]{1,16}(?![^|\n])|[^|\n\r]+)(?:\|([^ |\n]{0,32})[^\n]*)?)|"
    rb"-([^|\n\r]+)[^\n]*|([^\n]+))$",
    re.MULTILINE,
)
_WORD = 6
"""Bytes of an ID of mod_unique_id that tell its second."""
_SHOWN = 1000
"""So many unfinished requests are rows; the others are counted."""


class Counting:
    """`report.services.Counting`. What is unfinished is kept as its whole line."""

    def __init__(self, *, numeric: bool = False) -> None:
        del numeric
        self._tally = Tally()
        self._open: dict[bytes, list[bytes]] = {}
        self._ended: Counter[bytes] = Counter()

    def see(self, lines: bytes, moment: Moment) -> None:
        del moment
        if b"\r\n" in lines:
            lines = lines.replace(b"\r\n", b"\n")
        rows = _ROW.findall(lines)
        self._tally.lines += len(rows)
        unknown: Counter[bytes] = Counter()
        seconds: dict[bytes, list[bytes]] = {}
        methods: Counter[tuple[bytes, ...]] = Counter()
        for line, identity, second, method, ended, other in rows:
            if identity:
                self._open.setdefault(identity, []).append(line)
                methods[method,] += 1
                seconds.setdefault(second or identity[:_WORD], []).append(identity)
            elif ended:
                self._end(ended)
            else:
                unknown[other] += 1
        self._tally.kinds["method"].update(methods)
        self._tally.not_understood(unknown)
        for identities in seconds.values():
            told = made(identities[0])
            if told:
                self._tally.happened("Requests", float(told.time), len(identities))
        self._tally.bound("method")

    def merge(self, other: Self) -> None:
        for identity, times in other._ended.items():
            for _ in range(times):
                self._end(identity)
        for identity, begun in other._open.items():
            self._open.setdefault(identity, []).extend(begun)
        self._tally.merge(other._tally)

    def section(self) -> Section:
        tally = self._tally
        unfinished = [line for begun in self._open.values() for line in begun]
        tables = (
            totals(
                "Totals",
                ("Requests begun", tally.total("method")),
                ("Unfinished requests", len(unfinished)),
                ("Ends of requests that began before", self._ended.total()),
            ),
            Table("Unfinished requests", ("Began", "Process", "Host", "Request", "ID"), tuple(_rows(unfinished[:_SHOWN]))),
            Table("Methods", ("Method", "Count"), tally.ranked("method", 0), 5),
        )
        return tally.section(NAME, TITLE, tables)

    def _end(self, identity: bytes) -> None:
        """Whoever asks again after a death asks last: an end is the last begin's."""
        same = self._open.get(identity)
        if not same:
            self._ended[identity] += 1
            return
        same.pop()
        if not same:
            del self._open[identity]


def _rows(lines: list[bytes]) -> Iterator[Row]:
    for line in lines:
        found = forensic_line(line)
        if found:
            told = made(found.id)
            request = request_of(found.request)
            yield (
                local(told.time).isoformat(sep=" ") if told else "",
                told.pid if told and told.pid is not None else "",
                text(header(found, b"Host") or b""),
                f"{text(request.method)} {text(request.target)}",
                text(found.id),
            )
