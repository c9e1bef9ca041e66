"""A real Kafka broker on loopback, compiled for speed (packaging/kafka/brokers.py), and where it listens."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent.parent / "packaging" / "kafka" / "brokers.py"


@contextmanager
def broker(directory: Path, heap: str = "512m") -> Iterator[str]:
    """One broker with its data below `directory`; gives its host:port. It ends with the block, or with this process."""
    command = [sys.executable, SCRIPT, "start", directory / "kafka", "--heap", heap, "--thorough", "--hold"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdin
        assert process.stdout
        if not (line := process.stdout.readline()):
            sys.exit("no Kafka broker, hence no such benchmark")
        as_early(directory / "kafka")
        try:
            yield json.loads(line)["bootstrap"]
        finally:
            process.stdin.close()


def as_early(directory: Path) -> None:
    """Gives the brokers of a directory the place that this run has among the sessions of the machine, each of which Linux
    takes for one when it divides the processor (sched(7), autogroup): a broker is a session of its own."""
    own = Path("/proc/self/autogroup")
    nice = own.read_text().split()[-1] if own.is_file() else "0"
    for number in directory.glob("*/pid") if nice != "0" else ():
        Path(f"/proc/{number.read_text()}/autogroup").write_text(nice)
