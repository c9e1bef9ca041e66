"""`vigilog blackbox run` around real programs, as an administrator starts it: the installed command, and what came of it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.watchman.running import SYSTEM_PATH, installed
from vigilog.parse.forensics import Block, blocks

SECONDS = 30.0
"""Whatever is waited for comes much sooner, but on a machine that is busy with other things."""


class Around:
    """One `vigilog blackbox run`, which is `process`; its blocks are in `file`, its ordinary log in `log`."""

    def __init__(self, directory: Path, *words: object, **options: Any) -> None:
        self.file, self.log = directory / "blocks", directory / "log"
        self.known: dict[int, bytes] = {}
        """The processes that a test has asked for, with their words."""
        environment = {"PATH": f"{installed().parent}:{SYSTEM_PATH}", "LANG": "C.UTF-8", "HOME": "/root", "TZ": "UTC"}
        environment |= options.pop("environment", {})
        command = [str(installed()), "blackbox", "run", "--file", str(self.file), *map(str, words)]
        with self.log.open("ab") as log:
            pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
            self.process: subprocess.Popen[bytes] = subprocess.Popen(command, env=environment, **{**pipes, **options})

    def blocks(self) -> list[Block]:
        """What was written so far."""
        return list(blocks(self.file.read_bytes().splitlines(keepends=True))) if self.file.exists() else []

    def said(self) -> str:
        """The ordinary log so far."""
        return self.log.read_text(errors="replace")

    def until(self, holds: Callable[[], object], seconds: float = SECONDS) -> None:
        """Waits until something holds. It not holding in time is a failure."""
        limit = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < limit, f"not in {seconds:g} s; the log: {self.said()[-3000:]}"
            time.sleep(0.02)

    def begun(self) -> None:
        """Waits until the program and the drain run."""
        self.until(lambda: {b"drain.py" in command_line(each) for each in children(self.process.pid)} == {True, False})

    def child(self) -> int:
        """The number of the program's process: the child that is not the drain."""
        return self._one(is_drain=False)

    def drain(self) -> int:
        """The number of the drain's process."""
        return self._one(is_drain=True)

    def _one(self, *, is_drain: bool) -> int:
        found = next(each for each in children(self.process.pid) if (b"drain.py" in command_line(each)) is is_drain)
        self.known[found] = command_line(found)
        return found

    def ended(self, seconds: float = SECONDS) -> int:
        """Waits for its end and gives its status."""
        return self.process.wait(seconds)


@contextmanager
def around(directory: Path, *words: object, **options: Any) -> Iterator[Around]:
    """A program that runs; what is left of it is killed with the block, processes that lost Vigilog, too."""
    made = Around(directory, *words, **options)
    try:
        yield made
    finally:
        left = set(descendants(made.process.pid)) | {each for each, words in made.known.items() if command_line(each) == words}
        if made.process.poll() is None:
            made.process.kill()
        made.process.wait()
        for each in left:
            with suppress(ProcessLookupError):
                os.kill(each, 9)


def descendants(process: int) -> list[int]:
    """The numbers of a process' children, and of theirs."""
    found = []
    for each in children(process):
        found += [each, *descendants(each)]
    return found


def children(process: int) -> list[int]:
    """The numbers of a process' children."""
    try:
        return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []


def command_line(process: int) -> bytes:
    """The words of a process, with NULs."""
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes()
    return b""


def python(code: str) -> list[str]:
    """A program in Python."""
    return [sys.executable, "-c", code]


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody listens at a port of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def alive(process: int) -> bool:
    """Whether there is a process of this number that has not ended."""
    with suppress(OSError):
        return Path(f"/proc/{process}/stat").read_bytes().rpartition(b") ")[2][:1] not in b"ZX"
    return False
