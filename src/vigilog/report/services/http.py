"""Web servers' access logs (Apache's and nginx's, common and combined, with or without the virtual host in front): how much was
asked for and served, by whom, and what went wrong.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Self

from vigilog.report.section import Moment, Section, Table
from vigilog.report.tally import Fields, Tally, ranked, totals

NAME = "http"
TITLE = "httpd"
GROUPS = ("http",)

# Virtual host, client, user, time up to its minute, zone, method and path, status, bytes, agent; or a line of another form.
_ROW = re.compile(
    rb"^(?:(?:([\w.-]++:\d+) )?(\S++) \S++ ([^\n]*?) \[([^\]\n:]{1,16}:\d\d:\d\d):\d\d ?([+-]\d{4})?\] "
    rb'"((?:[A-Z][A-Z-]*+ )?+[^ ?"\\\n]*+)[^"\\\n]*+(?:\\.[^"\\\n]*+)*+" (\d{3}) (\d+|-)'
    rb'(?: "[^"\\\n]*+(?:\\.[^"\\\n]*+)*+" "([^"\\\n]*+(?:\\.[^"\\\n]*+)*+)")?+[^\n]*|([^\n]+))$',
    re.MULTILINE,
)
_ROBOT = re.compile(
    rb"bot\b|bot/|crawl|spider|slurp|facebookexternalhit|feedfetcher|curl/|wget/|python-requests|Go-http-client", re.IGNORECASE
)
_PROBE = re.compile(
    rb"\.\./|%2e%2e|/etc/passwd|\.(?:env|git|svn|htaccess|aws|DS_Store)\b|/wp-(?:login|admin|config)|xmlrpc\.php|phpmyadmin|"
    rb"/cgi-bin/|/(?:boaform|HNAP1|actuator|vendor/phpunit|solr|manager/html|shell)\b|\.(?:asp|aspx|cgi|jsp)$|\\x|jndi:",
    re.IGNORECASE,
)


class Counting:
    """`report.services.Counting`: each column is counted for itself, so that a line costs little."""

    def __init__(self, *, numeric: bool = False) -> None:
        del numeric
        self._tally = Tally()
        self._bytes = 0

    def see(self, lines: bytes, moment: Moment) -> None:
        if b"\r\n" in lines:
            lines = lines.replace(b"\r\n", b"\n")
        rows = _ROW.findall(lines)
        if not rows:
            return
        tally = self._tally
        hosts, clients, users, minutes, zones, requests, statuses, sizes, agents, others = zip(*rows, strict=True)
        tally.lines += len(rows)
        unknown = Counter(others)
        unknown.pop(b"", None)
        tally.not_understood(unknown)
        for kind, column in ("host", hosts), ("client", clients), ("user", users), ("status", statuses), ("agent", agents):
            _count(tally.kinds[kind], column)
        _count(tally.kinds["request"], requests)
        errors = [row[5:7] for row in rows if row[6] >= b"4"]
        tally.kinds["error"].update(errors)
        tally.kinds["client error"].update([(row[1], row[6]) for row in rows if row[6] >= b"4"])
        self._bytes += sum(map(int, filter(bytes.isdigit, sizes)))
        heavy = tally.kinds["bytes"]
        for request, size in zip(requests, sizes, strict=True):
            if size.isdigit():
                heavy[request,] += int(size)
        for (minute, zone), times in Counter(zip(minutes, zones, strict=True)).items():
            if minute:
                tally.happened("Requests", moment(b"0 - - [%b:00 %b] " % (minute, zone)), times)
        failed = Counter([row[3:5] for row in rows if row[6] >= b"5"])
        for (minute, zone), times in failed.items():
            tally.happened("Server errors", moment(b"0 - - [%b:00 %b] " % (minute, zone)), times)
        tally.bound(*tally.kinds)

    def merge(self, other: Self) -> None:
        self._tally.merge(other._tally)
        self._bytes += other._bytes

    def section(self) -> Section:
        tally = self._tally
        statuses: Counter[str] = Counter()
        for (status,), times in tally.kinds["status"].items():
            statuses[f"{status[:1].decode()}xx"] += times
        robots = sum(times for (agent,), times in tally.kinds["agent"].items() if _ROBOT.search(agent))
        probes = _probes(tally.kinds["error"])
        tables = (
            totals(
                "Totals",
                ("Requests", tally.total("status")),
                ("Bytes", self._bytes),
                ("Clients", len(tally.kinds["client"])),
                ("Requests by robots", robots),
                ("Client errors", statuses["4xx"]),
                ("Server errors", statuses["5xx"]),
                ("Probes for weak spots", probes.total()),
            ),
            Table("By status", ("Status", "Count"), tuple(sorted(tally.ranked("status", 0))), drawn=True),
            Table("Server errors", ("Request", "Status", "Count"), ranked(_of(tally.kinds["error"], b"5"))),
            Table("Client errors", ("Request", "Status", "Count"), ranked(_of(tally.kinds["error"], b"4")), 5),
            Table("Probes for weak spots", ("Request", "Status", "Count"), ranked(probes)),
            Table("Errors by client", ("Client", "Status", "Count"), tally.ranked("client error", 0, 1), 5),
            Table("Requests", ("Request", "Count"), tally.ranked("request", 0)),
            Table("Bytes by request", ("Request", "Bytes"), tally.ranked("bytes", 0), 5),
            Table("Clients", ("Client", "Count"), tally.ranked("client", 0), drawn=True),
            Table("Users", ("User", "Count"), ranked(_without(tally.kinds["user"], b"-")), 5),
            Table("Virtual hosts", ("Host", "Count"), tally.ranked("host", 0), 5),
            Table("Agents", ("Agent", "Count"), tally.ranked("agent", 0), 10),
        )
        return tally.section(NAME, TITLE, tables)


def _count(counts: Counter[Fields], column: tuple[bytes, ...]) -> None:
    for value, times in Counter(column).items():
        if value:
            counts[value,] += times


def _of(errors: Counter[Fields], kind: bytes) -> Counter[Fields]:
    return Counter({fields: times for fields, times in errors.items() if fields[1].startswith(kind)})


def _probes(errors: Counter[Fields]) -> Counter[Fields]:
    return Counter({fields: times for fields, times in errors.items() if _PROBE.search(fields[0])})


def _without(counts: Counter[Fields], value: bytes) -> Counter[Fields]:
    return Counter({fields: times for fields, times in counts.items() if fields != (value,)})
