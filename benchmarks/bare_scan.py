"""The ceiling: the time that scanning alone takes, with callbacks that do nothing:  bare_scan.py RULES STATE LOG

Prints seconds. The databases are those that a check scans every line with, the blocks are cut and framed as it does, before the
time begins.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

from vigilog.check import rule_set
from vigilog.config.settings import Check, Settings, State
from vigilog.detect.debian import DebianRules
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


def main(rules: str, state: str, log: str) -> None:
    """See the module. `rules` were compiled before by a check with the state directory `state`."""
    settings = Settings(check=Check(rules="debian", rule_directory=rules), state=State(directory=state))
    loaded = rule_set.load(settings)
    assert isinstance(loaded, DebianRules)
    found = [database.compiled.scanner for database in (loaded.attack, loaded.violation, loaded.ignore)]
    scanners = [scanner for scanner in found if scanner is not None]
    assert scanners, "a rule set without rules"
    framed = list(blocks(log))
    begun = time.perf_counter()
    for data in framed:
        for scanner in scanners:
            scanner.scan(data, match_event_handler=nothing)
    print(time.perf_counter() - begun)


if __name__ == "__main__":
    main(*sys.argv[1:])
