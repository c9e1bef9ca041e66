"""`vigilog run`, as a user runs it: a daemon with a configuration and a state of its own."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.checks import PROGRAM, SOURCE
from benchmarks.fail2ban import wait
from vigilog.run.control_client import NotRunning, ask


@dataclass(frozen=True)
class Watchman:
    """A running daemon, which watches `log`."""

    root: Path
    process: subprocess.Popen[bytes]

    @property
    def log(self) -> Path:
        """The log that it watches."""
        return self.root / "watched.log"

    def status(self) -> Mapping[str, Any]:
        """What `vigilog status` knows."""
        return ask(str(self.root / "run" / "control"), "status")

    def said(self) -> str:
        """The end of its log."""
        with (self.root / "output").open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 4096))
            return file.read().decode()

    def lines(self) -> int:
        """How many lines it has read and committed."""
        return sum(source["lines"] for source in self.status()["sources"])

    def idle(self) -> bool:
        """Whether no action has anything to do."""
        return not any(action["waiting"] for action in self.status()["actions"])

    def alerted(self) -> set[str]:
        """The keys of all alerts."""
        with closing(sqlite3.connect(self.root / "state" / "vigilog.db")) as store:
            return {key for (key,) in store.execute("SELECT DISTINCT CAST(substr(key, 4) AS TEXT) FROM alerts")}

    def processor_seconds(self) -> float:
        """Processor time of the daemon so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident(self) -> int:
        """Resident memory of the daemon, in bytes."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def configuration(root: Path, triggers: str) -> Path:
    """A configuration in `root` that watches `watched.log` there."""
    for name in ("state", "run"):
        (root / name).mkdir(parents=True, mode=0o700, exist_ok=True)
    (root / "watched.log").touch()
    path = root / "vigilog.toml"
    head = f'[state]\ndirectory = "{root}/state"\n[run]\ncontrol = "{root}/run/control"\nsources = ["{root}/watched.log"]\n'
    path.write_text(head + triggers)
    return path


@contextmanager
def watchman(root: Path, triggers: str, *within: str) -> Iterator[Watchman]:
    """A daemon in `root`, with `triggers` (the rest of its vigilog.toml), ready; started by the command `within`, if any."""
    path = configuration(root, triggers)
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "PYTHONPATH": SOURCE}
    with (root / "output").open("wb") as output:
        process = subprocess.Popen(
            [*within, *PROGRAM, "run", "--config", str(path)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
        )
        daemon = Watchman(root, process)
        try:
            wait(lambda: is_up(daemon))
            yield daemon
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def is_up(daemon: Watchman) -> bool:
    """Whether it answers."""
    try:
        daemon.status()
    except NotRunning:
        return False
    return True
