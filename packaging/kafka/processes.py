"""Brokers as processes: started, ended and known again by their directory."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

PATIENCE = 60.0


def run(directory: Path, which: list[int]) -> None:
    """Starts those brokers that do not run, and waits until they serve."""
    started = []
    for number in which:
        if running(directory, number):
            continue
        own = directory / str(number)
        command = [*json.loads((directory / "java.json").read_text()), str(own / "server.properties")]
        with open(own / "log", "ab") as log:
            process = subprocess.Popen(
                command, cwd=own, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )  # its own session: an interrupt from the keyboard is for who started this script
        (own / "pid").write_text(str(process.pid))
        started.append((number, process))
    limit = time.monotonic() + PATIENCE
    for number, process in started:
        own = directory / str(number)
        for listener in listeners(own):
            while not answers(listener):
                if process.poll() is not None or time.monotonic() > limit:
                    sys.exit(f"broker {number} does not start:\n{(own / 'log').read_text()[-3000:]}")
                time.sleep(0.02)


def stop(directory: Path, which: list[int], how: signal.Signals, patience: float = 5.0) -> None:
    """Ends brokers. One that does not obey within so many seconds is killed: of three, the last cannot leave in good order."""
    for number in which:
        if process := running(directory, number):
            os.kill(process, how)
    limit = time.monotonic() + patience
    for number in which:
        while process := running(directory, number):
            if time.monotonic() > limit:
                os.kill(process, signal.SIGKILL)
            time.sleep(0.01)


def running(directory: Path, number: int) -> int:
    """The process number of a broker, 0 if it does not run. A number that another program got meanwhile is not it."""
    with contextlib.suppress(OSError, ValueError):
        process = int((directory / str(number) / "pid").read_text())
        own = os.fsencode(directory / str(number) / "server.properties")
        if own in Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0"):
            return process
    return 0


def numbers(directory: Path) -> list[int]:
    """The brokers that a directory has."""
    return sorted(int(own.parent.name) for own in directory.glob("*/server.properties"))


def listeners(own: Path) -> list[tuple[str, int]]:
    """Where one broker serves clients."""
    line = next(line for line in (own / "server.properties").read_text().splitlines() if line.startswith("listeners="))
    places = [place for place in line.removeprefix("listeners=").split(",") if not place.startswith("CONTROLLER")]
    return [(host, int(port)) for host, _, port in (place.split("://")[1].rpartition(":") for place in places)]


def answers(place: tuple[str, int]) -> bool:
    """Whether somebody listens there."""
    with contextlib.suppress(OSError), socket.create_connection(place, 1):
        return True
    return False
