"""What is counted in dnscache's log, a block of lines at a time.

All lines of a block are entries (`vigilog.patterns.grammar` saw to that), so their parts are taken by position, whole columns
at once. The third letter of an entry tells nearly alone what it is: the letters of all lines, in a row, are the plan of the
block. dnscache does one thing after the other, so a question, what was cached for it and its answer in direct succession are
an answer for which no server was asked.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from itertools import compress
from operator import itemgetter
from typing import Self

from vigilog.parse import tai64n
from vigilog.parse.tai64n_spans import lines_within
from vigilog.report.answer_times import AnswerTimes
from vigilog.report.section import BUCKET

NO_STAMP = b"@" + b"0" * 24 + b" "
"""Stands before lines that have no stamp."""
_PLAN = itemgetter(len(NO_STAMP) + 2)
_SECOND_LETTER = itemgetter(len(NO_STAMP) + 1)
_STARTING = len(NO_STAMP) + len("starting")
"""The length of such a line; a `stats` is longer."""
_CACHED_WHAT = itemgetter(len(NO_STAMP) + len("cached n"))
_MARKS = {letter: bytes(byte == letter for byte in range(256)) for letter in b"ecna dmropx"}
_FREQUENT = b"ecna "
_RARE = bytes(byte not in _FREQUENT for byte in range(256))
_AT_ONCE = re.compile(rb"ec*n")
_YEAR_9999 = 253_370_764_800
_SEAM = 256
"""More entries than that lie between no question and its answer at once."""


@dataclass
class Counts:
    """Everything by what it was: bytes as the log has them."""

    kinds: Counter[str] = field(default_factory=Counter)
    types: Counter[bytes] = field(default_factory=Counter)
    clients: Counter[bytes] = field(default_factory=Counter)
    names: Counter[bytes] = field(default_factory=Counter)
    lengths: Counter[bytes] = field(default_factory=Counter)
    drops: Counter[bytes] = field(default_factory=Counter)
    servfails: Counter[tuple[bytes, bytes]] = field(default_factory=Counter)
    lame: Counter[tuple[bytes, bytes]] = field(default_factory=Counter)
    gluelessness: Counter[bytes] = field(default_factory=Counter)
    zones: Counter[bytes] = field(default_factory=Counter)
    records: Counter[bytes] = field(default_factory=Counter)
    servers: Counter[bytes] = field(default_factory=Counter)
    closes: Counter[bytes] = field(default_factory=Counter)
    tcp_clients: Counter[bytes] = field(default_factory=Counter)
    cached: Counter[str] = field(default_factory=Counter)
    questions: Counter[int] = field(default_factory=Counter)
    failures: Counter[int] = field(default_factory=Counter)
    """Servfails and drops; like `questions` by the start of their bucket."""
    times: AnswerTimes = field(default_factory=AnswerTimes)
    at_once: int = 0
    motion: int = 0
    first_motion: int | None = None
    last_motion: int | None = None
    started: bool = False
    most_udp: int = 0
    most_tcp: int = 0
    head: bytes = b""
    tail: bytes = b""

    def see(self, block: bytes, bounds: Sequence[bytes], *, stamped: bool) -> None:
        """Counts whole lines, each with a stamp before it; NO_STAMP if not `stamped`. Those outside of `bounds` (see
        `parse.tai64n_spans`) are left out, if there are any."""
        lines = block.split(b"\n")
        lines.pop()
        if bounds:
            lines = lines_within(lines, bounds)
        plan = bytes(map(_PLAN, lines))
        begin = 0
        if _STARTING in map(len, _those(b"a", plan, lines)):
            for at, line in enumerate(lines):
                if len(line) == _STARTING and line.endswith(b" starting"):
                    self._run(plan[begin:at], lines[begin:at], stamped=stamped)
                    self._start()
                    begin = at + 1
        self._run(plan[begin:], lines[begin:], stamped=stamped)

    def merge(self, other: Self) -> None:
        """Takes over what was counted of the lines that follow."""
        for each in fields(self):
            mine = getattr(self, each.name)
            if isinstance(mine, Counter):
                mine.update(getattr(other, each.name))
        self.times.merge(other.times)
        self.at_once += other.at_once
        self._plan(other.head, other.tail)
        if other.first_motion is not None and self.last_motion is not None:
            self._move([other.first_motion])
        self.motion += other.motion
        if self.first_motion is None and not self.started:
            self.first_motion = other.first_motion
        self.last_motion = other.last_motion if other.last_motion is not None else self.last_motion
        self.started |= other.started
        self.most_udp = max(self.most_udp, other.most_udp)
        self.most_tcp = max(self.most_tcp, other.most_tcp)

    def _start(self) -> None:
        self.kinds["starting"] += 1
        self.times.restart()
        self.started = True
        self.last_motion = 0
        self._plan(b"s", b"s")

    def _plan(self, head: bytes, tail: bytes) -> None:
        """Notes what stands at the seam of two blocks: an answer at once may lie across."""
        seam = len(self.tail)
        self.at_once += any(found.start() < seam < found.end() for found in _AT_ONCE.finditer(self.tail + head))
        if len(self.head) < _SEAM:
            self.head = (self.head + head)[:_SEAM]
        self.tail = (self.tail + tail)[-_SEAM:]

    def _run(self, plan: bytes, lines: list[bytes], *, stamped: bool) -> None:
        """Lines without a start among them."""
        self.at_once += len(_AT_ONCE.findall(plan))
        self._plan(plan[:_SEAM], plan[-_SEAM:])

        questions, answers = _columns(_those(b"e", plan, lines), 6), _columns(_those(b"n", plan, lines), 4)
        self._questions(questions)
        self.kinds["sent"] += len(answers[0])
        self.lengths.update(answers[3])
        if stamped:
            self.times.see(questions[2], questions[0], answers[2], answers[0])
            _bucket(self.questions, questions[0])
        self._cached(_those(b"c", plan, lines))
        self._asked_and_got(_those(b" ", plan, lines))
        self._statistics(_columns(_those(b"a", plan, lines), 6))
        rare = list(compress(lines, plan.translate(_RARE)))
        if rare:
            self._rare(plan.translate(None, _FREQUENT), rare, stamped=stamped)

    def _rare(self, plan: bytes, lines: list[bytes], *, stamped: bool) -> None:
        failed = _those(b"r", plan, lines), _those(b"o", plan, lines)
        self._failed(*failed)
        if stamped:
            _bucket(self.failures, [line[:25] for lines in failed for line in lines])
        self._nothing(_those(b"d", plan, lines))
        for line in _those(b"m", plan, lines):
            _, _, server, zone, _ = line.split(b" ")
            self.lame[server, zone] += 1
            self.kinds["lame"] += 1
        self._connections(_those(b"p", plan, lines))

    def _questions(self, columns: Sequence[list[bytes]]) -> None:
        self.kinds["query"] += len(columns[0])
        self.clients.update([client[:-10] for client in columns[3]])
        self.types.update(columns[4])
        self.names.update(columns[5])

    def _cached(self, lines: list[bytes]) -> None:
        what = bytes(map(_CACHED_WHAT, lines))
        words = {"nxdomain": what.count(b"x"), "cname": what.count(b"n"), "ns": what.count(b"s")}
        self.kinds["cached"] += len(lines)
        self.cached.update({**words, "records": len(lines) - sum(words.values())})

    def _asked_and_got(self, lines: list[bytes]) -> None:
        plan = bytes(map(_SECOND_LETTER, lines))
        asked = list(zip(*[line.split(b" ", 6) for line in _those(b"x", plan, lines)], strict=True))
        if asked:
            self.kinds["tx"] += len(asked[0])
            self.gluelessness.update(asked[2])
            self.zones.update(asked[5])
        got = list(zip(*[line.split(b" ", 5) for line in _those(b"r", plan, lines)], strict=True))
        if got:
            self.kinds["rr"] += len(got[0])
            self.servers.update(got[2])
            self.records.update(got[4])

    def _statistics(self, columns: Sequence[list[bytes]]) -> None:
        if columns[0]:
            self.kinds["stats"] += len(columns[0])
            self._move(list(map(int, columns[3])))
            self.most_udp = max(self.most_udp, *map(int, set(columns[4])))
            self.most_tcp = max(self.most_tcp, *map(int, set(columns[5])))

    def _move(self, motions: list[int]) -> None:
        """The counter begins at 0 with each start, and a log need not begin with one."""
        if self.last_motion is None:
            self.first_motion = self.last_motion = motions[0]
        for motion in motions:
            self.motion += motion - self.last_motion if motion >= self.last_motion else motion
            self.last_motion = motion

    def _failed(self, servfails: list[bytes], drops: list[bytes]) -> None:
        self.kinds["servfail"] += len(servfails)
        for line in servfails:
            _, _, name, error = line.split(b" ", 3)
            self.servfails[name, error] += 1
        self.kinds["drop"] += len(drops)
        for line in drops:
            _, _, serial, error = line.split(b" ", 3)
            self.drops[error] += 1
            self.times.give_up(serial)

    def _nothing(self, lines: list[bytes]) -> None:
        nodata = bytes(map(_SECOND_LETTER, lines)).count(b"o")
        self.kinds["nodata"] += nodata
        self.kinds["nxdomain"] += len(lines) - nodata
        self.servers.update([line.split(b" ", 3)[2] for line in lines])

    def _connections(self, lines: list[bytes]) -> None:
        opened = [line.split(b" ")[2][:-5] for line in lines if line.startswith(b"tcpo", len(NO_STAMP))]
        self.kinds["tcpopen"] += len(opened)
        self.tcp_clients.update(opened)
        self.kinds["tcpclose"] += len(lines) - len(opened)
        self.closes.update([line.split(b" ", 3)[3] for line in lines if line.startswith(b"tcpc", len(NO_STAMP))])


def _those(letter: bytes, plan: bytes, lines: list[bytes]) -> list[bytes]:
    return list(compress(lines, plan.translate(_MARKS[letter[0]])))


def _columns(lines: list[bytes], count: int) -> list[list[bytes]]:
    """The fields of lines that all have `count` of them."""
    fields = b" ".join(lines).split(b" ") if lines else []
    return [fields[column::count] for column in range(count)]


def _bucket(points: Counter[int], labels: list[bytes]) -> None:
    """Counts moments by their buckets. Labels in hexadecimal digits sort as times do. What no calendar holds is left out."""
    labels = sorted(labels)
    at, last = bisect_left(labels, tai64n.label(0)), bisect_left(labels, tai64n.label(_YEAR_9999))
    while at < last:
        seconds = int(labels[at][1:17], 16) - tai64n.EPOCH
        start = seconds - seconds % BUCKET
        end = bisect_left(labels, tai64n.label(start + BUCKET), at, last)
        points[start] += end - at
        at = end
