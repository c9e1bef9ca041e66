"""Forensic blocks (ProFTPD's mod_log_forensic, Vigilog's black boxes): what they were written for, whose sessions they were.

A block's lines tell no time, or several: who wants blocks of a range gives all lines, and says which moments are in it
(`inside`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Self

from vigilog.parse.forensic_records import Records
from vigilog.parse.stamps import stamp
from vigilog.report.section import Moment, Section, Table
from vigilog.report.tally import Row, Tally, totals

NAME = "proftpd-forensic"
TITLE = "Forensic Blocks"
GROUPS = ("proftpd-forensic",)

_MARKER = re.compile(rb"^-----(BEGIN|END) [^\r\n]{1,80} FORENSICS-----\r?$", re.MULTILINE)
_RECORD = re.compile(rb'(.{1,64}?) localhost blackbox\[(\d+)\]: (.*?): ((?:[a-z_]+=(?:"[^"]*"|[^" ]\S*|) )*messages=\d+)')
_FIELD = re.compile(rb'([a-z_]+)=(?:"([^"]*)"|(\S*))')

_COLUMNS = ("Time", "Kind", "Client", "User", "Attempted", "Protocol", "Process", "Messages")


class Counting:
    """`report.services.Counting`. `_before`: what stands before the first begin of a block: the end of one that began in an
    earlier part of the log, or nothing that is understood."""

    def __init__(self, *, numeric: bool = False, inside: Callable[[float], bool] | None = None) -> None:
        del numeric
        self._inside = inside
        self._tally = Tally()
        self._records = Records()
        self._open = 0
        self._lost = 0
        self._begun = False
        self._before = b""

    def see(self, lines: bytes, moment: Moment) -> None:
        del moment
        if lines and not lines.endswith(b"\n"):
            lines += b"\n"
        self._tally.lines += lines.count(b"\n")
        if not self._begun:
            at = next((marker.start() for marker in _MARKER.finditer(lines) if marker[1] == b"BEGIN"), None)
            self._begun = at is not None
            self._before += lines[:at]
            lines = lines[at:] if at is not None else b""
        self._walk(lines)

    def merge(self, other: Self) -> None:
        if self._begun:
            self._walk(other._before)
        else:
            self._before += other._before
        self._tally.merge(other._tally)
        if other._begun:
            self._lost += self._open + other._lost
            self._begun, self._records, self._open = True, other._records, other._open

    def section(self) -> Section:
        tally = Tally()
        tally.merge(self._tally)
        tally.not_understood(Counter(filter(bytes.strip, self._before.splitlines())))
        tables = (
            totals("Totals", ("Blocks", tally.total("block")), ("Without an end", self._open + self._lost)),
            Table("By kind", ("Kind", "Count"), tally.ranked("block", 1)),
            Table("By client", ("Client", "Kind", "Count"), tally.ranked("block", 2, 1)),
            Table("By user", ("User", "Attempted", "Kind", "Count"), tally.ranked("block", 3, 4, 1)),
            Table(
                "Blocks", ("Time", "Kind", "Client", "User", "Attempted", "Protocol", "Process", "Messages"), self._rows(), 5
            ),
        )
        return tally.section(NAME, TITLE, tables)

    def _rows(self) -> tuple[Row, ...]:
        ordered = sorted(self._tally.kinds["block"].elements())
        return tuple([(*(each.decode("ascii", "replace") for each in fields[:7]), int(fields[7])) for fields in ordered])

    def _walk(self, lines: bytes) -> None:
        """What stands outside of any block is not understood, blank lines aside."""
        strays: Counter[bytes] = Counter()
        at = 0
        for marker in _MARKER.finditer(lines):
            if not self._open:
                strays.update(filter(bytes.strip, lines[at : marker.start()].splitlines()))
            self._open = max(0, self._open + (1 if marker[1] == b"BEGIN" else -1))
            at = marker.end()
        if not self._open:
            strays.update(filter(bytes.strip, lines[at:].splitlines()))
        self._tally.not_understood(strays)
        for line in self._records.of(lines, 0.0).splitlines():
            found = _RECORD.fullmatch(line)
            assert found
            time, pid, kind, rest = found.groups()
            when = stamp(time + b" -", 0.0)
            if when is not None and self._inside and not self._inside(when):
                continue
            told = {name: quoted or plain for name, quoted, plain in _FIELD.findall(rest)}
            who = [told.get(name, b"") for name in (b"client", b"user", b"attempted", b"protocol")]
            self._tally.kinds["block"][time, kind, *who, pid, told[b"messages"]] += 1
            self._tally.happened(kind.decode("ascii").capitalize(), when, 1)
