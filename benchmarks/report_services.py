"""How fast `vigilog report` counts each service that is built in: blocks of lines in one process, by its processor time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from statistics import median

from benchmarks.figure import Benchmark, Figure
from benchmarks.place import Place
from vigilog.parse.stamps import stamp
from vigilog.report.services import SERVICES

LINES = 300_000
BLOCK = 1 << 20
ROUNDS = 3
GUIDE = 200_000
LAB = "debian12-lab/syslog.rfc3339"
LOGS = {
    "cron": ("unix-syslog/FreeBSD13.1/cron", b"cron["),
    "dnscache": ("dnscache/djbdns-1.05/current", b""),
    "dovecot": (LAB, b" dovecot: "),
    "ftpd-xferlog": ("ftp/proftpd-1.3.8/xferlog", b""),
    "http": ("apache/elastic-examples/apache_logs", b""),
    "http-error": ("loghub/Apache/Apache_2k.log", b""),
    "http-forensic": ("apache/mod_log_forensic/pid-ids/forensic_log", b""),
    "iptables": ("iptables/psad/iptables/syn_scan_1000_1500", b""),
    "named": ("named/bind-9.18/messages-without-timestamps.log", b""),
    "postfix": (LAB, b" postfix/"),
    "proftpd-forensic": ("ftp/proftpd-1.3.8/forensic.log", b""),
    "sshd": (LAB, b" sshd["),
    "sudo": (LAB, b" sudo: "),
}
"""For each service a log, and what its lines there have in them."""


def figures(place: Place) -> Iterator[Figure]:
    """See below."""
    for name, (log, mark) in LOGS.items():
        sample = [line for line in (place.data / log).read_bytes().splitlines(keepends=True) if mark in line]
        blocks = list(_blocks(sample, place.lines(LINES)))
        lines = sum(block.count(b"\n") for block in blocks)
        rate = lines / median(_taken(name, blocks) for _ in range(ROUNDS))
        yield Figure(name, f"{rate:,.0f} lines/s", "", "", f"about {GUIDE:,} lines/s", rate >= GUIDE)


def _blocks(sample: list[bytes], lines: int) -> Iterator[bytes]:
    whole = b"".join(sample)
    times = max(1, BLOCK // len(whole))
    for _ in range(0, lines, len(sample) * times):
        yield whole * times


def _taken(name: str, blocks: list[bytes]) -> float:
    counting = SERVICES[name].Counting()
    moment = partial(stamp, arrived=time.time())
    begun = time.process_time()
    for block in blocks:
        counting.see(block, moment)
    counting.section()
    return time.process_time() - begun


BENCHMARK = Benchmark(
    "Services that are built in",
    f"""
    Each service's own lines of the sample logs, again and again, {LINES:,} in all, in blocks of 1 MiB, counted by one process:
    lines a second of its processor time, the middle one of {ROUNDS} runs. What is wanted is a guide.
    """,
    figures,
)
