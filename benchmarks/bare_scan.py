"""The ceiling: the time that scanning alone takes, with callbacks that do nothing:  bare_scan.py RULES LEVEL CACHE LOG

Prints seconds. The databases are those that a check scans every line with, the blocks are cut and framed as it does, before the
time begins.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

from vigilog.detect import debian
from vigilog.patterns import block
from vigilog.watch.records import BLOCK


def blocks(path: str) -> Iterator[bytes]:
    """The framed blocks of a log: as many whole lines as fit."""
    rest = b""
    with open(path, "rb") as file:
        while data := file.read(BLOCK - len(rest)):
            whole, newline, last = (rest + data).rpartition(b"\n")
            yield block.frame(whole + newline)
            rest = last


def nothing(*_: object) -> None:
    """What a callback does that is not there."""


def main(rules: str, level: str, cache: str, log: str) -> None:
    """See the module."""
    loaded = debian.load(rules, level, cache_directory=cache)
    compiled = (database.compiled.scanner for database in (loaded.attack, loaded.violation, loaded.ignore))
    scanners = [scanner for scanner in compiled if scanner is not None]
    framed = list(blocks(log))
    begun = time.perf_counter()
    for data in framed:
        for scanner in scanners:
            scanner.scan(data, match_event_handler=nothing)
    print(time.perf_counter() - begun)


if __name__ == "__main__":
    main(*sys.argv[1:])
