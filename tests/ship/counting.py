"""A program that ships numbers and may be killed at any moment: python -m tests.ship.counting BOOTSTRAP TOPIC DIRECTORY UNTIL HOLD

Its source is the numbers up to UNTIL; its position is kept in DIRECTORY/position together with the number of the last record, as
those do who read a log. It prints what it counted as repeated at its start, and `done` once all is acknowledged.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from vigilog.ship.record import Record
from vigilog.ship.settings import Connection, SpoolSettings
from vigilog.ship.shipper import Shipper, SpoolFull

KEYS = 13
STEP = 500


def read(position: Path) -> tuple[int, int]:
    """How far the source was read, and the number of the last record that this became."""
    if not position.exists():
        return 0, 0
    source, number = position.read_text().split()
    return int(source), int(number)


def write(position: Path, source: int, number: int) -> None:
    """In one step, as a transaction does it."""
    new = position.with_suffix(".new")
    new.write_text(f"{source} {number}")
    os.replace(new, position)


def main() -> None:
    bootstrap, topic, directory, until, hold = sys.argv[1:]
    position = Path(directory, "position")
    source, number = read(position)
    shipper = Shipper(
        Connection([bootstrap]),
        SpoolSettings(os.path.join(directory, "spool"), size=1 << 20),
        say=lambda line: print(f"say {line}", file=sys.stderr, flush=True),
        hold=hold == "hold",
        committed=number,
    )
    print(f"repeated {shipper.counts.repeated}", flush=True)
    with shipper:
        while source < int(until):
            try:
                number = shipper.offer(
                    [Record(topic, b"%d" % (each % KEYS), b"%d" % each) for each in range(source, source + STEP)]
                )
            except SpoolFull:
                shipper.settle(0.1)
                continue
            if shipper.settle(0.0 if hold == "hold" else 0.05):
                source += STEP
                write(position, source, number)
                shipper.release(number)
        while not shipper.close(300).complete:
            pass
        print(f"repeated {shipper.counts.repeated}")
    print("done", flush=True)


if __name__ == "__main__":
    main()
