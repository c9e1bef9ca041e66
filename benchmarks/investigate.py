"""`vigilog investigate` beside grep -F and zgrep."""

from __future__ import annotations

import gzip
import os
import random
import shutil
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from benchmarks.checks import PROGRAM, SOURCE
from benchmarks.figure import Benchmark, Figure, ratio
from benchmarks.measure import Ran, in_turns, middle, ran
from benchmarks.place import Place

ROUNDS = 5
FEW = 200
ADDRESS = "203.0.113.7"
LINE = b"Feb 25 10:%02d:%02d mx1 sshd[%d]: Failed password for invalid user admin from " + ADDRESS.encode() + b" port %d ssh2\n"


def figures(place: Place) -> Iterator[Figure]:
    """See below."""
    log = with_attacker(place)
    packed = place.cache / f"packed-{log.name}.gz"  # beside the log under its own name it would be a part of it
    if not packed.is_file():
        unfinished = packed.with_suffix(".part")
        with log.open("rb") as plain, gzip.open(unfinished, "wb", 6) as file:
            shutil.copyfileobj(plain, file, 1 << 20)
        unfinished.rename(packed)
    yield from compared(place, log, ["grep", "-F", ADDRESS, str(log)], "grep -F", ADDRESS)
    yield from compared(place, log, ["grep", "-F", "198.18.254.254", str(log)], "grep -F", "198.18.254.254")
    yield from compared(place, packed, ["zgrep", "-F", ADDRESS, str(packed)], "zgrep -F", ADDRESS)


def compared(place: Place, log: Path, other: Sequence[str], name: str, address: str) -> Iterator[Figure]:
    """A row: one search, both ways."""
    ours = [*PROGRAM, "investigate", address, str(log), "--format", "csv", "--config", str(configuration(place))]
    works = {"ours": partial(done, place, "ours", ours), "theirs": partial(done, place, "theirs", other)}
    done(place, "ours", ours)  # compiled rules and the page cache are there from now on
    runs = in_turns(ROUNDS if log.suffix != ".gz" else 3, works)
    took = {who: middle(each) for who, each in runs.items()}
    mine = (place.work / "ours").read_bytes().count(b"\n") - 1
    # grep knows no boundaries: what it finds besides is another address
    theirs = sum(line.count(address.encode() + b" ") > 0 for line in (place.work / "theirs").read_bytes().splitlines())
    size = log.stat().st_size / 1e9
    what = f"{size:.2f} GB{' packed' if log.suffix == '.gz' else ''}, {mine:,} lines found"
    speed = took["theirs"] / took["ours"]
    yield ratio(what, f"{took['ours']:.2f} s", f"{took['theirs']:.2f} s ({name})", speed, least=1, same=mine == theirs)


def done(place: Place, name: str, command: Sequence[str]) -> Ran:
    """One run of a command; to have found nothing is no failure of grep."""
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PYTHONPATH": SOURCE, "HOME": str(place.work)}
    quoted = ["sh", "-c", '"$@" || [ $? = 1 ]', "sh", *command]
    return ran(quoted, place.work / name, environment)


def configuration(place: Place) -> Path:
    """A configuration whose state is the benchmark's own."""
    written = place.work / "investigate.toml"
    written.write_text(f'[state]\ndirectory = "{place.work}/state"\n')
    return written


def with_attacker(place: Place) -> Path:
    """1 GB of a host's log, and in it an address that failed to log in some hundred times."""
    _, corpus = place.large_corpora(dirty=False)
    made = place.cache / f"{corpus.stem}-attacked.log"
    if not made.is_file():
        rng = random.Random(6)
        size = corpus.stat().st_size
        unfinished = made.with_suffix(".part")
        with corpus.open("rb") as source, unfinished.open("wb") as file:
            for number in range(FEW):
                count = size // FEW
                file.write(source.read(count) + source.readline())
                file.write(LINE % (number // 60, number % 60, rng.randrange(1000, 30000), rng.randrange(1024, 65535)))
            shutil.copyfileobj(source, file)
        unfinished.rename(made)
    return made


BENCHMARK = Benchmark(
    "An investigation against grep",
    f"""
    One address among 1 GB of a host's logs, page cache warm, its compiled rules cached: from the start of the process to its
    end, the timeline as CSV, medians of {ROUNDS} runs in turns (3 for the packed one). `grep -F` and `zgrep -F` print the lines
    that have the same bytes in them; an investigation also decides where an address ends, understands the lines, puts them on
    one clock and follows logins. It searches with as many threads as there are cores.
    """,
    figures,
)
