"""A memory cgroup for a test: the kernel's out-of-memory killer, at work on one process only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_V2 = Path("/sys/fs/cgroup")
_V1 = Path("/sys/fs/cgroup/memory")


@contextmanager
def of_memory(limit: int) -> Iterator[Path | None]:
    """A new cgroup whose processes may have `limit` bytes; None if this host gives none."""
    group, setting = _made()
    if group is None:
        yield None
        return
    try:
        (group / setting).write_text(str(limit))
        for swap in ("memory.swap.max", "memory.memsw.limit_in_bytes"):
            with suppress(OSError):
                (group / swap).write_text("0" if swap == "memory.swap.max" else str(limit))
        yield group
    finally:
        with suppress(OSError):
            group.rmdir()


def killed(group: Path) -> int:
    """How many processes the kernel has killed there for want of memory."""
    for name in ("memory.events", "memory.oom_control"):
        with suppress(OSError):
            words = dict(line.split() for line in (group / name).read_text().splitlines())
            if "oom_kill" in words:
                return int(words["oom_kill"])
    return 0


def _made() -> tuple[Path | None, str]:
    name = f"vigilog-test-{os.getpid()}"
    for place, setting in ((_V1, "memory.limit_in_bytes"), (_V2, "memory.max")):
        group = place / name
        with suppress(OSError):
            group.mkdir()
            if (group / setting).exists() and os.access(group / setting, os.W_OK):
                return group, setting
            group.rmdir()
    return None, ""
