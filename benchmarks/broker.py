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
        try:
            yield json.loads(line)["bootstrap"]
        finally:
            process.stdin.close()
