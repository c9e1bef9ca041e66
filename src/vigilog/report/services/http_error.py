"""Web servers' error logs (Apache 2.2 and 2.4, nginx): what went wrong, where, and for whom."""

from __future__ import annotations

import re
from collections import Counter
from typing import Self

from vigilog.report.section import Moment, Section, Table
from vigilog.report.tally import Row, Tally, totals

NAME = "http-error"
TITLE = "HTTPD Errors"
GROUPS = ("http-error",)

# Apache's minute and year, nginx's minute, module, level, nginx's level, client, text; or a line of another form.
_ROW = re.compile(
    rb"^(?:(?:\[([A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d):\d\d(?:\.\d+)? (\d{4})\] )?"
    rb"\[(?:([\w-]*):)?(emerg|alert|crit|error|warn|notice|info|debug|trace\d)\] "
    rb"(?:\[pid \d+(?::tid \d+)?\] )?(?:\[remote \S+\] )?(?:\[client ([^\]\n]*)\] )?([^\n]*)"
    rb"|(\d{4}/\d\d/\d\d \d\d:\d\d):\d\d \[(\w+)\] \d+#\d+: (?:\*\d+ )?([^\n]*)"
    rb"|([^\n]+))$",
    re.MULTILINE,
)
_NGINX_CLIENT = re.compile(rb", client: ([^,]*), server: .*")
_REFERER = re.compile(rb", referer: .*")
_NUMBERS = re.compile(rb"(?<![\w./-])\d+(?![\w./-])")
_WORST = (b"emerg", b"alert", b"crit", b"error")


class Counting:
    """`report.services.Counting`."""

    def __init__(self, *, numeric: bool = False) -> None:
        del numeric
        self._tally = Tally()

    def see(self, lines: bytes, moment: Moment) -> None:
        if b"\r\n" in lines:
            lines = lines.replace(b"\r\n", b"\n")
        tally = self._tally
        unknown: Counter[bytes] = Counter()
        stamps: Counter[bytes] = Counter()
        entries: Counter[tuple[bytes, bytes, bytes]] = Counter()
        clients: Counter[tuple[bytes, ...]] = Counter()
        rows = _ROW.findall(lines)
        for minute, year, module, level, client, said, nginx, nginx_level, nginx_said, other in rows:
            if other:
                unknown[other] += 1
                continue
            if level:
                text = _REFERER.sub(b"", said) if b", referer: " in said else said
                who = _without_port(client, ported=bool(module)) if client else b""
                severity = level
                when = b"[%b:00 %b] " % (minute, year) if minute else b""
            else:
                found = _NGINX_CLIENT.search(nginx_said)
                text, who = (nginx_said[: found.start()], found[1]) if found else (nginx_said, b"")
                severity = nginx_level
                when = nginx.replace(b"/", b"-") + b":00 "
            entries[severity, module, text] += 1
            if severity in _WORST:
                if who:
                    clients[who,] += 1
                if when:
                    stamps[when] += 1
        tally.lines += len(rows)
        tally.not_understood(unknown)
        tally.kinds["client"].update(clients)
        for (severity, module, text), times in entries.items():
            tally.kinds["entry"][severity, module, _NUMBERS.sub(b"N", text)] += times
        for when, times in stamps.items():
            tally.happened("Errors", moment(when), times)
        tally.bound(*tally.kinds)

    def merge(self, other: Self) -> None:
        self._tally.merge(other._tally)

    def section(self) -> Section:
        tally = self._tally
        levels = {row[0]: int(row[1]) for row in tally.ranked("entry", 0)}
        worst = {level.decode(): levels.get(level.decode(), 0) for level in _WORST}
        others = sum(levels.values()) - sum(worst.values())
        tables = (
            totals("Totals", ("Errors and worse", sum(worst.values())), ("Warnings and less", others)),
            Table("By level", ("Level", "Count"), tally.ranked("entry", 0)),
            Table("Errors and worse", ("Level", "Module", "Text", "Count"), _rows(tally, of_worst=True)),
            Table("By client", ("Client", "Count"), tally.ranked("client", 0), drawn=True),
            Table("Warnings and less", ("Level", "Module", "Text", "Count"), _rows(tally, of_worst=False), 5),
        )
        return tally.section(NAME, TITLE, tables)


def _rows(tally: Tally, *, of_worst: bool) -> tuple[Row, ...]:
    worst = {level.decode() for level in _WORST}
    return tuple([row for row in tally.ranked("entry", 0, 1, 2) if (row[0] in worst) == of_worst])


def _without_port(client: bytes, *, ported: bool) -> bytes:
    """Apache 2.4, which names modules, puts a port behind each address; 2.2 does not."""
    return client.rpartition(b":")[0] or client if ported or b"." in client else client
