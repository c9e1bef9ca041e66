"""logwatch's filters for lines of a range, by how their times are written (logwatch 7.7: applystddate, applyeurodate,
applyusdate, applyhttpdate, applybinddate). Each gives a function from a block of lines to those of the range."""

from __future__ import annotations

import re
from collections.abc import Callable

from vigilog.reporting.ranges import Range
from vigilog.reporting.time_patterns import time_pattern

Step = Callable[[bytes], bytes]
"""Whole lines in, whole lines out; only the last of all may lack its newline."""

_LINES = re.compile(rb"[^\n]*\n|[^\n]+\Z")
_RFC3339 = "%Y-%m-%dT%H:%M:%S(?::?\\.[0-9]+)?(?::?[+-][0-9]{2}:?[0-9]{2}|Z) "
_PARTS = re.compile(rb"[0-9]{4}-([0-9]{2})-([0-9]{2})T([0-9:]{8})(?::?\.[0-9]+)?(?::?[+-][0-9]{2}:?[0-9]{2}|Z) ")
_MONTHS = (b"", b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
_WEEKDAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) "


def lines_of(block: bytes) -> list[bytes]:
    """The lines of a block, each with its newline."""
    return _LINES.findall(block)


def standard(argument: str, wanted: Range) -> Step:
    """applystddate: syslog's stamps; RFC 3339's, which become syslog's; and `Fri Nov 20 08:30:00 2026` anywhere in a line.
    `argument`: another form for the first and the last, strftime's. Raises re.error."""
    form = argument if argument not in {"", "0"} else "%b %e %H:%M:%S "
    plain = time_pattern(form, wanted).encode()
    begins = re.compile(plain).match
    begins_long = re.compile(time_pattern(_RFC3339, wanted).encode()).match
    somewhere = re.compile(_WEEKDAY.encode() + plain + rb"\d{4}").search

    def chosen(block: bytes) -> bytes:
        kept = []
        for line in lines_of(block):
            if begins(line):
                kept.append(line)
            elif line[4:5] == b"-" and begins_long(line):
                kept.append(_PARTS.sub(_short, line, count=1))
            elif somewhere(line):
                kept.append(line)
        return b"".join(kept)

    return chosen


def _short(parts: re.Match[bytes]) -> bytes:
    return b"%s %2d %s " % (_MONTHS[int(parts[1]) % 13], int(parts[2]), parts[3])


def written(form: str, before: str = "^", behind: str = "") -> Callable[[str, Range], Step]:
    """A filter for lines that have their time in the form `form` (strftime's and an expression's) between `before` and
    `behind`. Its argument is another form, where the form is not fixed by what stands around it."""

    def made(argument: str, wanted: Range) -> Step:
        own = argument if argument not in {"", "0"} and not behind and before == "^" else form
        compiled = re.compile((before + time_pattern(own, wanted) + behind).encode()).search
        return lambda block: b"".join(line for line in lines_of(block) if compiled(line))

    return made


european = written("%Y-%m-%d %H:%M:%S(,...)? ")
american = written("%m/%d/%y %H:%M:%S", behind=" ")
http = written("%d/%b/%Y:%H:%M:%S", before=r"\[")
bind = written("%d-%b-%Y %H:%M:%S", behind=r"\.\d{3} ")
