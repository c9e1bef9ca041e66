"""Running commands one after the other and noting what each one took. This process stays small: the system counts the memory
of the process that starts a command as the command's."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any


class CommandFailed(Exception):
    """A measured command did not end well; there is nothing to compare."""


@dataclass(frozen=True)
class Ran:
    """What one run took: seconds of wall time, and the most bytes of memory that one of its processes had at once."""

    seconds: float
    peak: int


def ran(command: Sequence[str], output: Path, environment: Mapping[str, str], user: Mapping[str, Any] | None = None) -> Ran:
    """Runs `command` with its standard output in the file `output`. `user` are arguments of subprocess that change the user.

    Raises CommandFailed if its status is not 0.
    """
    with output.open("wb") as out, output.with_suffix(".errors").open("wb+") as errors:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=errors, env=dict(environment), **(user or {})
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            raise CommandFailed(f"{' '.join(command)}: status {process.returncode}: {errors.read().decode(errors='replace')}")
    return Ran(seconds, usage.ru_maxrss * 1024)


def in_turns(rounds: int, works: Mapping[str, Callable[[], Ran]]) -> dict[str, list[Ran]]:
    """Does each of `works` in turn, `rounds` times: whatever disturbs the machine meanwhile disturbs all of them."""
    done: dict[str, list[Ran]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            done[name].append(work())
    return done


def middle(runs: Sequence[Ran]) -> float:
    """The median of their seconds."""
    return median(run.seconds for run in runs)
