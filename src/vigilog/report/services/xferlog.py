"""xferlog, as wu-ftpd began it and ProFTPD, vsftpd and Vigilog's FTP server write it: what was sent and taken, by whom.

    Fri Nov 20 08:18:42 2026 0 198.51.100.7 150 /srv/ftp/anna/a0.txt a _ i r anna ftp 0 * c

File names are counted by how many bytes went, so a name with blanks in it (a server's mistake) is read as far as that can be.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Self

from vigilog.report.section import Moment, Section, Table, text
from vigilog.report.tally import Fields, Row, Tally, summed, totals

NAME = "ftpd-xferlog"
TITLE = "FTP Transfers"
GROUPS = ("xferlog",)

# Minute, year, seconds, host, bytes, file, direction, access, user, whether complete; or a line of another form.
_ROW = re.compile(
    rb"^(?:([A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d):\d\d (\d{4}) (\d+) (\S+) (\d+) (.+) [ab] \S+ ([iod]) ([arg]) "
    rb"(.{0,255}) ftp \d \S+ ([ci])|([^\n]+))$",
    re.MULTILINE,
)
_WAYS = {b"i": b"uploaded", b"o": b"downloaded", b"d": b"deleted"}
_ACCESS = {b"a": b"anonymous", b"g": b"guest", b"r": b"real user"}


class Counting:
    """`report.services.Counting`."""

    def __init__(self, *, numeric: bool = False) -> None:
        del numeric
        self._tally = Tally()

    def see(self, lines: bytes, moment: Moment) -> None:
        if b"\r\n" in lines:
            lines = lines.replace(b"\r\n", b"\n")
        rows = _ROW.findall(lines)
        tally = self._tally
        tally.lines += len(rows)
        unknown: Counter[bytes] = Counter()
        minutes: Counter[tuple[bytes, bytes, bytes]] = Counter()
        transfers, sizes, seconds = tally.kinds["transfer"], tally.kinds["bytes"], tally.kinds["seconds"]
        files, file_sizes = tally.kinds["file"], tally.kinds["file bytes"]
        for minute, year, took, host, size, name, way, access, user, complete, other in rows:
            if other:
                unknown[other] += 1
                continue
            did = _WAYS[way]
            who = (did, complete, _ACCESS[access], user, host)
            transfers[who] += 1
            sizes[who] += int(size)
            seconds[did,] += int(took)
            files[did, name] += 1
            file_sizes[did, name] += int(size)
            minutes[did, minute, year] += 1
        tally.not_understood(unknown)
        for (did, minute, year), times in minutes.items():
            tally.happened(did.decode().capitalize(), moment(b"%b:00 %b " % (minute, year)), times)
        tally.bound(*tally.kinds)

    def merge(self, other: Self) -> None:
        self._tally.merge(other._tally)

    def section(self) -> Section:
        tally = self._tally
        kinds = tally.kinds
        figures = [
            (f"{what} {way.decode()}", int(counts[way,]))
            for what, counts in (("Files", summed(kinds["transfer"], 0)), ("Bytes", summed(kinds["bytes"], 0)))
            for way in _WAYS.values()
        ]
        took = int(kinds["seconds"].total())
        incomplete = int(summed(kinds["transfer"], 1)[b"i",])
        sizes = summed(kinds["bytes"], 3, 2, 4, 0)
        heaviest = [(*row, sizes[fields]) for row, fields in _heaviest(summed(kinds["transfer"], 3, 2, 4, 0), sizes)]
        tables = (
            totals("Totals", *figures, ("Seconds", took), ("Not completed", incomplete)),
            Table("By user", ("User", "Way", "Count"), tally.ranked("transfer", 3, 0)),
            Table("By address", ("From", "Way", "Count"), tally.ranked("transfer", 4, 0)),
            Table("Bytes by user and address", ("User", "As", "From", "Way", "Files", "Bytes"), tuple(heaviest), 5),
            Table("Files", ("Way", "File", "Count"), tally.ranked("file", 0, 1), 5),
            Table("Bytes by file", ("Way", "File", "Bytes"), tally.ranked("file bytes", 0, 1), 10),
        )
        return tally.section(NAME, TITLE, tables)


def _heaviest(transfers: Counter[Fields], sizes: Counter[Fields]) -> list[tuple[Row, Fields]]:
    ordered = sorted(transfers.items(), key=lambda item: (-sizes[item[0]], item[0]))
    return [((*map(text, fields), times), fields) for fields, times in ordered]
