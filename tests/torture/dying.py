"""A `vigilog check` that dies by SIGKILL at a place that no clock can choose:  dying.py PLACE CALLS ARGUMENT...

It is killed when it has made CALLS calls of any function since it came to PLACE: `lock`, when it has its lock, or `commit`,
when everything is read and nothing is committed. If it makes fewer it ends like any other.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from types import FrameType

from vigilog.check import pipeline
from vigilog.cli.main import run
from vigilog.store import lock

SPANS = (("lock", 1_000), ("lock", 16_000), ("commit", 700), ("commit", 700))
"""Places, and about how many calls are made from there: to deliver what is pending, to read everything, and to the end."""


def die_after(calls: int) -> None:
    """Arms the profiler of this process with its death."""
    made = count()

    def called(_frame: FrameType, event: str, _argument: object) -> None:
        if event in ("call", "c_call") and next(made) >= calls:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(called)


def main() -> None:
    """See the module."""
    place, calls = sys.argv.pop(1), int(sys.argv.pop(1))
    really_alone, really_commit = lock.alone, pipeline.commit

    @contextmanager
    def alone(directory: str, program: str = "vigilog", *, name: str = lock.NAME) -> Iterator[None]:
        with really_alone(directory, program, name=name):
            die_after(calls)
            yield

    def commit(store: sqlite3.Connection, checked: pipeline.Checked) -> int | None:
        die_after(calls)
        return really_commit(store, checked)

    if place == "lock":
        lock.alone = alone
    else:
        pipeline.commit = commit
    run()


if __name__ == "__main__":
    main()
