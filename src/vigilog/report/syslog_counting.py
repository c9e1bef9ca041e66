"""Counts the messages of a service that writes to syslog, whichever form its lines have.

    Nov 20 08:30:00 host sshd[4711]: message                  RFC 3164
    2026-11-20T08:30:00.123456+01:00 host sshd[4711]: ...     RFC 3339
    sshd[4711]: message                                       logwatch's RemoveHeaders took the rest away
    message                                                   ... and the program

A line with a stamp whose program is another one is another service's. `message repeated N times: [ ... ]` (rsyslog) is N lines.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple, Self

from vigilog.report.message_forms import FIRST_WORD, Form, compiled
from vigilog.report.section import Moment, Section, Table
from vigilog.report.tally import Tally

_STAMP = rb"((?:[A-Z][a-z]{2} [ \d]\d|\d{4}-\d\d-\d\d[T ]) ?\d\d:\d\d):\d\d(?:[.,]\d+)?(Z|[+-]\d\d:?\d\d)?"
_REPEATED = re.compile(rb"message repeated (\d{1,9}) times: \[ ?(.*?)\]?")


class SyslogService(NamedTuple):
    """A service: its section's name and title; a pattern for the programs whose lines are its own; the forms of its messages,
    with a pattern for the word that decides which are tried; which kinds are shown over time, and under which title; and what
    makes tables of the counts, with ports by number if so wanted. `unbounded`: kinds of which no field is left out, ever."""

    name: str
    title: str
    programs: bytes
    forms: tuple[Form, ...]
    over_time: Mapping[str, str]
    tables: Callable[[Tally, bool], Iterable[Table]]
    word: bytes = FIRST_WORD
    unbounded: frozenset[str] = frozenset()


class SyslogCounting:
    """Counts of one service: `report.services.Counting`."""

    def __init__(self, service: SyslogService, *, numeric: bool = False) -> None:
        self._service = service
        self._numeric = numeric
        self._tally = Tally()

    def see(self, lines: bytes, moment: Moment) -> None:
        word, by_word, others = compiled(self._service.forms, self._service.word)
        over_time = self._service.over_time
        kinds = self._tally.kinds
        minutes: Counter[tuple[str, bytes, bytes]] = Counter()
        unknown: Counter[bytes] = Counter()
        own = 0
        if b"\r\n" in lines:
            lines = lines.replace(b"\r\n", b"\n")
        for minute, zone, program, message, bare in _rows(self._service.programs)(lines):
            if not program:
                if not bare:
                    continue
                message = bare  # noqa: PLW2901
            times = 1
            if message.startswith(b"message repeated ") and (repeated := _REPEATED.fullmatch(message)):
                times, message = int(repeated[1]), repeated[2]  # noqa: PLW2901
            own += times
            decides = word(message)
            for kind, match in by_word.get(decides[1], others) if decides else others:
                found = match(message)
                if found:
                    if kind:
                        kinds[kind][found.groups(b"")] += times
                        if kind in over_time:
                            minutes[over_time[kind], minute, zone] += times
                    break
            else:
                unknown[message] += times
        self._tally.lines += own
        self._tally.not_understood(unknown)
        self._tally.bound(*kinds.keys() - self._service.unbounded)
        for (title, minute, zone), times in minutes.items():
            if minute:
                self._tally.happened(title, moment(b"%b:00%b - " % (minute, zone)), times)

    def merge(self, other: Self) -> None:
        self._tally.merge(other._tally)

    def section(self) -> Section:
        service = self._service
        return self._tally.section(service.name, service.title, service.tables(self._tally, self._numeric))


@lru_cache
def _rows(programs: bytes) -> Callable[[bytes], list[tuple[bytes, bytes, bytes, bytes, bytes]]]:
    """Gives for each line its minute, its zone, its program, its message; or what it is, if it has no stamp. All are empty for
    another service's."""
    header = rb"(?:<\d{1,3}>)?" + _STAMP + rb" [^ \n]+ (?:(%b)(?:\[\d*\])?: ?(?:\[ID \d+ \S+\] )?([^\n]*)|[^\n]*)" % programs
    bare = rb"(?:(?:%b)(?:\[\d*\])?: )?([^\n]+)" % programs
    return re.compile(rb"^(?:" + header + b"|" + bare + b")$", re.MULTILINE).findall
