"""`vigilog report` on a dnscache's log beside logwatch with a small script for it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path

from benchmarks import dnscache_log
from benchmarks.checks import PROGRAM, SOURCE
from benchmarks.figure import Benchmark, Figure, pace, ratio
from benchmarks.measure import Ran, in_turns, middle, ran
from benchmarks.place import Place

LINES = 1_000_000
ROUNDS = 5
LEAST = 10
MOST_BYTES = 200_000_000
MINUTE = 60
DAY = 86_400
WORDS = ["report", "--service", "dnscache", "--range", "yesterday", "--detail", "10"]
SERVICE = 'Title = "dnscache"\nLogFile = dnscache\n'
COUNTED = re.compile(rb"^ *(query|sent|cached|rr|tx|stats|nxdomain|nodata|lame|servfail|drop|starting) +(\d+)$", re.MULTILINE)


class NotInstalled(Exception):
    """There is nothing to compare with."""


def figures(place: Place) -> Iterator[Figure]:
    """See below."""
    if not shutil.which("logwatch") or os.geteuid() != 0:
        raise NotInstalled("logwatch (Debian: logwatch), and root to give it a directory of its own")
    lines = place.lines(LINES)
    conf = configuration(place, lines)
    works = {"theirs": partial(theirs, place, conf), **{jobs: partial(ours, place, conf, jobs) for jobs in ("1", "2")}}
    runs = in_turns(ROUNDS, works)
    took = {name: middle(done) for name, done in runs.items()}
    counts = {name: dict(reversed(COUNTED.findall((place.work / name).read_bytes()))) for name in works}
    for jobs, least in (("2", LEAST), ("1", None)):
        same = bool(counts[jobs]) and counts[jobs] == counts["theirs"]
        what = f"--jobs {jobs}"
        shown, value = (pace(lines, took[jobs]), pace(lines, took["theirs"])), took["theirs"] / took[jobs]
        yield ratio(what, *shown, value, least=least, same=same) if least else Figure(what, *shown, f"{value:.2f} x")
    for jobs in ("2", "1"):
        peak = max(run.peak for run in runs[jobs])
        most = f"at most {MOST_BYTES / 1e6:.0f} MB"
        yield Figure(f"memory, --jobs {jobs}", f"{peak / 1e6:.0f} MB", "", "", most, peak <= MOST_BYTES)


def configuration(place: Place, lines: int) -> Path:
    """The files of logwatch for the service, and a log of yesterday (but for the minutes when logwatch mistakes the day)."""
    conf, log = place.work / "etc", place.work / "log"
    for folder in (conf / "conf/services", conf / "conf/logfiles", conf / "scripts/services", log):
        folder.mkdir(parents=True)
    (conf / "conf/services/dnscache.conf").write_text(SERVICE)
    (conf / "conf/logfiles/dnscache.conf").write_text(f"LogFile = {log}/current\n*applytaidate\n")
    shutil.copy(place.data.parent / "tools" / "logwatch-dnscache-standin.pl", conf / "scripts/services/dnscache")
    midnight = datetime.combine(datetime.now().astimezone().date() - timedelta(days=1), time()).astimezone()
    dnscache_log.write(log / "current", lines, int(midnight.timestamp()) + MINUTE, DAY - 2 * MINUTE)
    return conf


def ours(place: Place, conf: Path, jobs: str) -> Ran:
    """One run of Vigilog's."""
    command = [*PROGRAM, *WORDS, "--builtin", "--logwatch-conf", str(conf), "--jobs", jobs]
    return ran(command, place.work / jobs, {**_environment(), "PYTHONPATH": SOURCE})


def theirs(place: Place, conf: Path) -> Ran:
    """One run of logwatch, which sees `conf` where it looks for its files."""
    bound = f'mount --bind "{conf}" /etc/logwatch && exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", bound, "sh", "logwatch", *WORDS[1:]]
    return ran(command, place.work / "theirs", _environment())


def _environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}


BENCHMARK = Benchmark(
    "dnscache's report against logwatch's",
    f"""
    One day of a dnscache under multilog, {LINES:,} lines with TAI64N stamps, of which the report for that day is made at detail
    10: logwatch 7.7 with its `applytaidate` and a script of 20 lines that counts entries, query types, clients and names, and
    `vigilog report --builtin`, which checks each line against the whole grammar and counts all that docs/dnscache.md names. The
    counts that both have are the same. From the start of the process to its end, medians of {ROUNDS} runs in turns. Memory is
    the most that one process had.
    """,
    figures,
)
