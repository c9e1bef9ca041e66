"""Where a worker keeps its copy of the state: a directory of its own, of which a host has as many as it ever had workers."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import NamedTuple
from uuid import uuid4

from vigilog.config.settings import Settings
from vigilog.core.errors import StoreError


class Place(NamedTuple):
    """A worker's directory, its number among those of this host (from 0), and the name by which the brokers know whoever works
    there: they end what the last one left open."""

    directory: str
    number: int
    name: str


def root(settings: Settings) -> str:
    """The directory of all workers of this host."""
    return settings.fleet.state or os.path.join(settings.state.directory, "fleet")


@contextmanager
def taken(directory: str) -> Iterator[Place]:
    """The first place in a directory where no worker is; nobody else gets it until the end. Raises StoreError."""
    try:
        for number in count():
            path = os.path.join(directory, f"worker-{number}")
            os.makedirs(path, mode=0o700, exist_ok=True)
            lock = os.open(os.path.join(path, "lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                continue
            try:
                name = os.pread(lock, 64, 0).decode("ascii", "replace")
                if not name.isalnum():
                    name = uuid4().hex
                    os.pwrite(lock, name.encode(), 0)
                yield Place(path, number, name)
            finally:
                os.close(lock)
            return
    except OSError as error:
        raise StoreError(f"{directory}: {error.strerror}", remedy="name another directory as state in [fleet]") from error


def places(directory: str) -> list[str]:
    """The directories of all workers that this host ever had."""
    try:
        names = sorted(name for name in os.listdir(directory) if name.startswith("worker-"))
    except FileNotFoundError:
        return []
    return [os.path.join(directory, name) for name in names]
