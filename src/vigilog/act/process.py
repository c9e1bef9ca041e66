"""One running program: started without a shell in a session of its own, heard out, ended with everything it started."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

HEARD = 4096
"""So many bytes of what a program says on its standard error are kept."""
_BLOCK = 65536
_READS = 32


@dataclass(slots=True)
class Process:
    """A program under way. `ended` becomes readable when it has ended, `errors` when it says something."""

    program: subprocess.Popen[bytes]
    ended: int
    errors: int
    said: bytearray = field(default_factory=bytearray)


def started(path: str, variables: Mapping[str, bytes]) -> Process:
    """Starts the program at `path`: no arguments, these variables and no others, no input, its output thrown away.

    Raises OSError if it cannot be started.
    """
    errors, theirs = os.pipe()
    try:
        os.set_blocking(errors, False)
        program = subprocess.Popen(
            [path],
            env=dict(variables),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=theirs,
            start_new_session=True,
        )
    except OSError:
        os.close(errors)
        raise
    finally:
        os.close(theirs)
    try:
        return Process(program, os.pidfd_open(program.pid), errors)
    except OSError:
        _kill_group(program, signal.SIGKILL)
        program.wait()
        os.close(errors)
        raise


def hear(process: Process) -> bool:
    """Takes what the program has said by now, and keeps the first of it. False: it will say no more."""
    # Something that the program started may go on for ever: not all is taken at once.
    for _ in range(_READS):
        try:
            data = os.read(process.errors, _BLOCK)
        except BlockingIOError:
            return True
        if not data:
            return False
        process.said += data[: HEARD - len(process.said)]
    return True


def send(process: Process, what: signal.Signals) -> None:
    """Sends a signal to the program and to all in its process group."""
    _kill_group(process.program, what)


def finish(process: Process) -> int:
    """Collects a program that has ended, and kills what it left running in its group. Gives its status (negative: the signal
    that killed it)."""
    # While the dead program is not collected, nobody else can have its number: the signal cannot hit a stranger.
    _kill_group(process.program, signal.SIGKILL)
    status = process.program.wait()
    hear(process)
    abandon(process)
    return status


def abandon(process: Process) -> None:
    """Listens to the program no longer."""
    os.close(process.ended)
    os.close(process.errors)


def _kill_group(program: subprocess.Popen[bytes], what: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(program.pid, what)
