"""`vigilog ledger check` beside Apache's check_forensic."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.checks import PROGRAM, SOURCE
from benchmarks.figure import Benchmark, Figure, pace, ratio
from benchmarks.measure import Ran, in_turns, middle, ran
from benchmarks.place import Place

PAIRS = 1_000_000
OPEN = 1_000
LARGER = 4
ROUNDS = 3
LEAST, LEAST_OPEN = 3, 100
UTF8 = "C.UTF-8"
GROWTH = 1.1
MEGABYTE = 1_000_000
PROCESSES = 16
AT_A_TIME = 20
REAL = "apache/mod_log_forensic/pid-ids/forensic_log"


def figures(place: Place) -> Iterator[Figure]:
    """See below."""
    pairs = place.lines(PAIRS)
    closed, opened = ledger(place, pairs, 0), ledger(place, pairs, OPEN // place.scale)
    for locale, least in ((UTF8, LEAST), ("C", None)):
        works = {"ours": partial(ours, place, closed, locale), "theirs": partial(theirs, place, closed, locale)}
        runs = in_turns(ROUNDS, works)
        took = {name: middle(done) for name, done in runs.items()}
        same = output(place, "ours") == output(place, "theirs") == b""
        what, compared = f"{pairs:,} closed pairs, {locale} locale", took["theirs"] / took["ours"]
        shown = (pace(2 * pairs, took["ours"]), pace(2 * pairs, took["theirs"]))
        yield ratio(what, *shown, compared, least=least, same=same) if least else Figure(what, *shown, f"{compared:.2f} x")
    mine = middle([ours(place, opened) for _ in range(ROUNDS)])
    other = theirs(place, opened).seconds
    exact = {line[1:].partition(b"|")[0] for line in output(place, "ours").splitlines()}
    same = (
        exact <= {line[1:].partition(b"|")[0] for line in output(place, "theirs").splitlines()}
        and len(exact) >= OPEN // place.scale
    )
    what = f"{OPEN // place.scale:,} open ones among as many"
    yield ratio(what, f"{mine:.2f} s", f"{other:.1f} s", other / mine, least=LEAST_OPEN, same=same)
    peaks = [ours(place, ledger(place, many, 0)).peak for many in (pairs, LARGER * pairs)]
    yield Figure(
        f"memory, {pairs:,} / {LARGER * pairs:,} pairs",
        f"{peaks[1] / MEGABYTE:.1f} MB",
        f"{peaks[0] / MEGABYTE:.1f} MB",
        f"{peaks[1] / peaks[0]:.2f} x",
        f"at most {GROWTH} x",
        peaks[1] <= GROWTH * peaks[0],
    )


def ours(place: Place, log: Path, locale: str = "C") -> Ran:
    """One run of Vigilog's."""
    return ran([*PROGRAM, "ledger", "check", str(log)], place.work / "ours", {**_environment(locale), "PYTHONPATH": SOURCE})


def theirs(place: Place, log: Path, locale: str = "C") -> Ran:
    """One run of Apache's."""
    return ran(["check_forensic", str(log)], place.work / "theirs", _environment(locale))


def output(place: Place, name: str) -> bytes:
    """What the last run printed."""
    return (place.work / name).read_bytes()


def ledger(place: Place, pairs: int, lost: int) -> Path:
    """A ledger of so many requests, with the headers of real ones, of several processes at the same time; `lost` of them have
    no end."""
    made = place.cache / f"{pairs}-{lost}.forensic"
    if not made.is_file():
        rng = random.Random(4)
        lines = (place.data / REAL).read_bytes().splitlines()
        tails = [line[line.index(b"|") :] for line in lines if line.startswith(b"+")]
        unended = set(rng.sample(range(pairs), lost))
        counters = dict.fromkeys(rng.sample(range(1000, 99999), PROCESSES), 0)
        under_way: list[bytes] = []
        unfinished = made.with_suffix(".part")
        with unfinished.open("wb") as file:
            for number in range(pairs):
                process = rng.choice(list(counters))
                name = b"%d:%x:%x" % (process, 0x6B000000 + number // 2000, counters[process])
                counters[process] += 1
                file.write(b"+" + name + tails[number % len(tails)] + b"\n")
                if number not in unended:
                    under_way.append(name)
                while len(under_way) > AT_A_TIME or (under_way and rng.random() < 0.3):
                    file.write(b"-" + under_way.pop(rng.randrange(len(under_way))) + b"\n")
            file.writelines(b"-" + name + b"\n" for name in under_way)
        unfinished.rename(made)
    return made


def _environment(locale: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "LC_ALL": locale}


BENCHMARK = Benchmark(
    "The ledger's checker against Apache's check_forensic",
    f"""
    Requests of {PROCESSES} processes at the same time, with the headers of real ones, and IDs of mod_log_forensic's own form.
    In the C locale check_forensic is fastest; the open requests are looked for in that one. From the start of the process to
    its end, medians of {ROUNDS} runs in turns; of check_forensic with open requests, for each of which it searches the whole
    file, one run. Its output has more lines: IDs that begin like an open one. Memory is the most that one process had.
    """,
    figures,
)
