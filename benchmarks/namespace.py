"""A network namespace, where nftables belongs to nobody else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def namespace() -> Iterator[tuple[str, ...]]:
    """A new namespace; gives the command that runs another one in it. Exits with a sentence where that is not allowed."""
    if os.geteuid() != 0:
        sys.exit("network namespaces need root")
    name = f"vigilog-benchmark-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        yield ("ip", "netns", "exec", name)
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)
