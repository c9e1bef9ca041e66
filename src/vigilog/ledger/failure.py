"""What happens when a line cannot be written: the process ends at once, or it is counted."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Protocol


class Failure(Protocol):
    """Is told of each line that could not be written. `lost` is how many there were."""

    lost: int
    strict: bool

    def __call__(self, where: str, reason: str) -> None:
        """A line for the target `where` was not written, or not whole."""


class Abort:
    """Ends the process as Apache ends its child: by SIGABRT, with a sentence on standard error. Nothing else of it runs.

    Whether there is a core dump is for the system to say (RLIMIT_CORE).
    """

    strict = True

    def __init__(self) -> None:
        self.lost = 0

    def __call__(self, where: str, reason: str) -> None:
        """Does not return."""
        self.lost += 1
        with suppress(OSError):
            # Not by logging: its handlers may wait for locks, or for the same full disk.
            os.write(2, f"vigilog ledger: {where}: {reason}; the ledger is strict, so process {os.getpid()} ends\n".encode())
        os.abort()


class Count:
    """Counts in `lost`, and says so once on the logger `vigilog.ledger`."""

    strict = False

    def __init__(self) -> None:
        self.lost = 0

    def __call__(self, where: str, reason: str) -> None:
        """Never raises but for what the program's own log handlers raise."""
        self.lost += 1
        if self.lost == 1:
            said(f"{where}: {reason}; lines are lost, which is said only once")


def said(text: str) -> None:
    """One record of level ERROR on the logger `vigilog.ledger`."""
    import logging  # noqa: PLC0415 - the ledger of a program that does not log shall not load it

    logging.getLogger("vigilog.ledger").error("%s", text)
