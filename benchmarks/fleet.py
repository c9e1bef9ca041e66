"""The fleet: workers, a broker and all hosts on the same cores."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.broker import broker
from benchmarks.checks import PROGRAM
from benchmarks.figure import Benchmark, Figure
from benchmarks.place import CHECKOUT, Place

WORKERS = 2
PACE = 20_000
SECONDS = 60
HOSTS = 50
KEYS = 1_000_000
MOST_LATENCY, MOST_MEMORY, FLAT = 1.0, 1e9, 1.25
BEHIND = 1.0
"""Seconds that may pass between the last event and the commit that counts it."""
PATIENCE = 120.0
CONFIGURATION = """
[state]
directory = "{directory}"
[fleet]
brokers = ["{bootstrap}"]
group = "{name}"
events = "{name}.events"
alerts = "{name}.alerts"
decisions = "{name}.decisions"
partitions = 2
[[trigger]]
name = "door"
pattern = 'from (?P<address>\\S+)'
scope = "fleet"
count = 5
within = "10m"
actions = ["ban"]
"""


class Took(NamedTuple):
    """What a run came to: seconds behind at its end, of decisions from event to sight, of the processor for an event, and
    of waiting for a processor to each second of a worker; bytes of memory and of state on disk of all workers."""

    pace: float
    behind: float
    decided: list[float]
    attacks: int
    processor: float
    waited: float
    memory: int
    disk: int


def figures(place: Place) -> Iterator[Figure]:
    """See below."""
    work = place.work / "fleet"
    work.mkdir()
    keys, seconds = max(place.lines(KEYS), 400_000), max(SECONDS // place.scale, 3)
    with broker(work) as bootstrap:
        few = took(work, bootstrap, HOSTS, keys // 10, 10 if place.scale == 1 else 3)
        hosts = took(work, bootstrap, HOSTS * 10, keys // 10, 10 if place.scale == 1 else 3)
        many = took(work, bootstrap, HOSTS, keys, seconds)
    held = many.behind <= BEHIND and many.pace >= 0.99 * PACE
    latency = sorted(many.decided)
    middle, late = latency[len(latency) // 2], latency[int(len(latency) * 0.99)]
    yield Figure(
        f"{PACE:,} events/s for {seconds} s, {keys:,} keys, {HOSTS} hosts",
        f"{many.pace:,.0f}/s, all counted {many.behind:.2f} s after the last",
        "",
        "",
        f"behind by at most {BEHIND:g} s",
        held,
    )
    yield Figure(
        "from the event to the decision that a host can see, 99th percentile",
        f"{late:.2f} s (median {middle:.2f} s)",
        f"workers waited for a core {many.waited:.0%} of the time",
        f"{len(latency):,} of {many.attacks:,} attacks",
        f"under {MOST_LATENCY:g} s, all of them",
        late < MOST_LATENCY and len(latency) == many.attacks,
    )
    yield Figure(
        f"memory of {WORKERS} workers with {keys:,} live keys",
        f"{many.memory / 1e6:,.0f} MB",
        f"{many.disk / 1e6:,.0f} MB of state on disk",
        "",
        f"under {MOST_MEMORY / 1e9:g} GB",
        many.memory < MOST_MEMORY,
    )
    for what, run in ((f"{HOSTS * 10} hosts", hosts), (f"{keys:,} keys", many)):
        yield Figure(
            f"processor time of an event, {what}",
            f"{run.processor * 1e6:.1f} µs",
            f"{few.processor * 1e6:.1f} µs with {HOSTS} hosts, {keys // 10:,} keys",
            f"{run.processor / few.processor:.2f} x",
            f"at most {FLAT:g} x",
            run.processor <= FLAT * few.processor,
        )


def took(work: Path, bootstrap: str, hosts: int, keys: int, seconds: int) -> Took:
    """One run: each key has one event before, then there are events for some seconds."""
    name = f"fleet-{hosts}-{keys}"
    with workers(work / name, bootstrap, name) as running:
        loaded(bootstrap, name, hosts, keys, keys, 0)
        before, idle = sum(map(processor, running)), sum(map(waiting, running))
        told = loaded(bootstrap, name, hosts, keys, PACE * seconds, PACE)
        spent = sum(map(processor, running)) - before
        waited = (sum(map(waiting, running)) - idle) / WORKERS / (told["sending"] + told["behind"])
        memory = sum(map(resident, running))
        disk = sum(file.stat().st_size for file in (work / name).rglob("*") if file.is_file())
    events = PACE * seconds
    return Took(events / told["sending"], told["behind"], told["took"], told["attacks"], spent / events, waited, memory, disk)


def loaded(bootstrap: str, name: str, hosts: int, keys: int, events: int, pace: int) -> dict[str, Any]:
    """Sends events from a process of its own; gives what it said."""
    command = [sys.executable, "-m", "benchmarks.fleet_load", bootstrap, name, *map(str, (hosts, keys, events, pace))]
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=CHECKOUT)
    told: dict[str, Any] = json.loads(run.stdout)
    return told


@contextmanager
def workers(directory: Path, bootstrap: str, name: str) -> Iterator[list[int]]:
    """The process numbers of the workers, once they are ready."""
    directory.mkdir()
    configuration = directory / "vigilog.toml"
    configuration.write_text(CONFIGURATION.format(directory=directory, bootstrap=bootstrap, name=name))
    logs = [directory / f"log-{number}" for number in range(WORKERS)]
    started = [subprocess.Popen([*PROGRAM, "fleet", "run", "--config", configuration], stderr=log.open("wb")) for log in logs]
    try:
        limit = time.monotonic() + PATIENCE
        while not all("ready: " in log.read_text() for log in logs):
            if time.monotonic() > limit or any(each.poll() is not None for each in started):
                sys.exit("\n".join(log.read_text() for log in logs))
            time.sleep(0.1)
        yield [each.pid for each in started]
    finally:
        for each in started:
            each.send_signal(signal.SIGTERM)
        for each in started:
            each.wait(PATIENCE)


def processor(process: int) -> float:
    """Seconds that a process has used of the processor."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def waiting(process: int) -> float:
    """Seconds that the main thread of a process was ready to go on and had no processor."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[1]) / 1e9


def resident(process: int) -> int:
    """Bytes of memory that a process has at most had."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


BENCHMARK = Benchmark(
    "Fleet",
    """
    One broker, two workers (`vigilog fleet run`, exactly-once, commit interval 0.25 s, two partitions) and the process that
    sends for all hosts, on the same cores. Each key has had an event before, sent as fast as the workers count them: that is
    their warm-up, and of what follows everything is measured. One event in a thousand completes an attack that five hosts saw
    once each; the time runs from that event to the moment when a reader of committed decisions has the ban. All of this takes
    more than one and a half of two cores: where other programs of the machine take more than the rest, events wait, and it
    shows as time that the workers waited for a core (their own neighbours here make them wait, too). Memory is the sum of what
    each worker has at most had.
    """,
    figures,
)
