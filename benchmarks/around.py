"""`vigilog blackbox run` around a program that writes a lot."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.around_feed import SESSIONS
from benchmarks.figure import Benchmark, Figure
from benchmarks.place import CHECKOUT, Place

SECONDS = 10
ROUNDS = 3
RATE = 40
FLOOD = 400
"""Megabytes of a program that writes as fast as it can."""
MOST_SLOWER = 2.0
"""Times as long as with cat."""


class Fed(NamedTuple):
    """What came of one run: megabytes and seconds of the program, the longest of its writes in milliseconds, megabytes that
    were not looked at, and processor seconds of Vigilog and the program."""

    size: float
    seconds: float
    longest: float
    lost: float
    processor: float


def fed(work: Path, around: Sequence[str], rate: float, amount: float) -> Fed:
    """Runs the feeding program, alone or behind the words `around`; its output is `amount` seconds, or megabytes without a
    rate."""
    result = work / "fed"
    command = [*around, sys.executable, "-m", "benchmarks.around_feed", f"{rate:g}", f"{amount:g}", str(result)]
    before = os.times()
    done = subprocess.run(command, cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True, text=True)
    after = os.times()
    size, seconds, longest = map(float, result.read_text().split())
    lost = re.search(r"^vigilog blackbox run: (\d+) bytes of output were not looked at", done.stderr, re.MULTILINE)
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return Fed(size / 1e6, seconds, longest * 1000, int(lost[1]) / 1e6 if lost else 0.0, processor)


def figures(place: Place) -> Iterator[Figure]:
    """See below."""
    work = place.work / "around"
    work.mkdir(parents=True)
    vigilog = str(Path(sys.executable).with_name("vigilog"))
    ours = [vigilog, "blackbox", "run", "--as", "proftpd", "--pass", "none", "--file", str(work / "blocks"), "--"]
    cat = ["sh", "-c", '"$@" | cat > /dev/null', "sh"]
    seconds = max(1, SECONDS // place.scale)
    runs = [fed(work, ours, RATE, seconds) for _ in range(ROUNDS)]
    best = min(runs, key=lambda run: run.lost)
    took = best.size - best.lost
    yield Figure(
        f"{RATE} MB/s into {SESSIONS} sessions, criteria on",
        f"{took / best.seconds:.1f} MB/s routed",
        f"{best.size / best.seconds:.1f} MB/s written",
        f"{best.lost / best.size:.1%} dropped",
        "0 % dropped",
        best.lost == 0,
    )
    peers = [fed(work, cat, RATE, seconds) for _ in range(ROUNDS)]
    longest, other = min(run.longest for run in runs), min(run.longest for run in peers)
    yield Figure("the longest that a write of 64 KiB took", f"{longest:.1f} ms", f"{other:.1f} ms", "")
    amount = max(20, FLOOD // place.scale)
    floods = [(fed(work, ours, 0, amount), fed(work, cat, 0, amount)) for _ in range(ROUNDS)]
    mine, theirs = min(run.seconds for run, _ in floods), min(run.seconds for _, run in floods)
    yield Figure(
        f"{amount} MB as fast as it can write",
        f"{mine:.2f} s",
        f"{theirs:.2f} s",
        f"{mine / theirs:.2f} x",
        f"at most {MOST_SLOWER:g} x",
        mine <= MOST_SLOWER * theirs,
    )


BENCHMARK = Benchmark(
    "Around a program",
    f"""
    `vigilog blackbox run --as proftpd` around a program that writes what ProFTPD writes with `-d 10`, {SESSIONS} sessions
    interleaved, one failed login in 10,000 lines: {SECONDS} s at {RATE} MB/s, the best of {ROUNDS} runs; and as fast as it
    can. Held against the same program with `cat` behind a plain pipe.
    """,
    figures,
)
