"""The logs of the torture: each with the rotations of one family, and with records that no other log has."""

from __future__ import annotations

import os
import random
from pathlib import Path

from tests.watch.rotations import COPIED, DATED, NUMBERED, SAVELOG, LogWriter

FAMILIES = {"numbered": NUMBERED, "dated": DATED, "saved": SAVELOG, "copied": COPIED}


class Log(LogWriter):
    """A LogWriter whose records are syslog lines of one second: sorted by their stamps they stay in the order of writing."""

    def _record(self) -> bytes:
        text = super()._record()
        self.lines[-1] = b"Nov 20 10:00:00 host %s: %s" % (word(self.path).encode(), text)
        return self.lines[-1]

    def cut_and_outgrow(self) -> None:
        """copytruncate, and then more is written than had been in the file."""
        self.reopen()
        size = os.path.getsize(self.path)
        self.rotate("copy_and_truncate")
        while os.path.getsize(self.path) <= size:
            self.write(1)

    def vanish(self) -> None:
        """The log and all that was rotated away are deleted; a later `reopen` makes the log anew."""
        for path in (*self.rotated(), self.path):
            path.unlink(missing_ok=True)


def logs(directory: Path, chance: random.Random) -> dict[str, Log]:
    """A log of each family in `directory`, by the word that only its records hold."""
    made = [Log(directory, chance, rotations, name=f"{name}.log") for name, rotations in FAMILIES.items()]
    return {word(log.path): log for log in made}


def word(path: Path) -> str:
    """What stands in all records of the log at `path`."""
    return f"{path.stem}[1]"
