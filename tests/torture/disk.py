"""A disk so small that it can be filled: a tmpfs of its own where this user may mount one, else a limit on the size of files."""

from __future__ import annotations

import errno
import os
import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

SIZE = 96 << 20
PAGE = 4096


@dataclass(frozen=True)
class Disk:
    """The directory `path`; `mounted` if a file system of SIZE bytes is there."""

    path: Path
    mounted: bool

    @contextmanager
    def full(self, chance: random.Random) -> Iterator[list[str]]:
        """While the block runs there is no room, or nearly none. Gives what must stand before a command to feel it."""
        left = chance.choice([0, 0, 1, 4, chance.randrange(64)]) * PAGE
        if not self.mounted:
            yield ["prlimit", f"--fsize={left}", "--"]
            return
        filler = self.path / "filler"
        try:
            fill(filler, left)
            yield []
        finally:
            filler.unlink(missing_ok=True)


def fill(filler: Path, left: int) -> None:
    """Makes `filler` so large that `left` bytes stay free on its disk."""
    with filler.open("wb", buffering=0) as file:
        room = os.statvfs(filler)
        try:
            os.posix_fallocate(file.fileno(), 0, max(1, room.f_bavail * room.f_frsize - left))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


@contextmanager
def small_disk(path: Path, size: int = SIZE) -> Iterator[Disk]:
    """Makes the directory `path`, on a tmpfs of `size` bytes if that can be mounted."""
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", str(path)]
    mounted = False
    with suppress(FileNotFoundError):
        mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield Disk(path, mounted)
    finally:
        if mounted:
            subprocess.run(["umount", str(path)], check=True)
