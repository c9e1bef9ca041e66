"""Rules that leave 2 % of a corpus: the stock rules, and one more for each of the programs that report the most."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from benchmarks.place import copy_rules

STAMP_AND_HOST = rb"^\w{3} [ :[:digit:]]{11} [._[:alnum:]-]+ "
PROGRAM = re.compile(rb"\w{3} [ :\d]{11} [\w.-]+ ([^\s:\[]+)(?:\[\d+\])?: ")
SPECIAL = re.compile(rb"[][\\.*+?(){}|^$]")
FILE = "local-quiet"
SHARE = 0.02


def quiet_rules(stock: Path, made: Path, report: Path, lines: int) -> Path:
    r"""Makes the rule directory `made` out of `stock`. `report` is what those report of a corpus of so many lines.

    Of the programs in it those that report the least are kept, as many as come to 2 % of the lines; for each other one there
    is a rule that ignores it, as an event and as a violation: `^STAMP HOST PROGRAM(\[PID\])?: `.
    """
    copy_rules(stock, made)
    counts: Counter[bytes] = Counter()
    others = 0
    with report.open("rb") as file:
        for line in file:
            found = PROGRAM.match(line)
            if found:
                counts[found[1]] += 1
            elif line.startswith((b"Jan ", b"Feb ", b"Mar ")):
                others += 1
    room = lines * SHARE - others
    rules = []
    for program, count in sorted(counts.items(), key=lambda item: (item[1], item[0])):
        if count <= room:
            room -= count
        else:
            rules.append(STAMP_AND_HOST + SPECIAL.sub(rb"\\\g<0>", program) + rb"(\[[[:digit:]]+\])?: " + b"\n")
    for folder in ("ignore.d.server", "violations.ignore.d"):
        (made / folder / FILE).write_bytes(b"".join(rules))
    return made
