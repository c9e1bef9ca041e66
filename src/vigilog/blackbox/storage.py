"""Where the rings of a box are: in a file that outlives the process if there is a directory for it, else in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from vigilog.blackbox.bounds import Bounds
from vigilog.blackbox.facts import Facts
from vigilog.blackbox.in_memory import InMemory
from vigilog.blackbox.ring import Ring
from vigilog.core.clock import Clock


class Wanted(NamedTuple):
    """What a box says about its rings: see BlackBox. `blocks`: whether open sessions become blocks when the process dies."""

    bounds: Bounds
    capture: frozenset[str]
    directory: str | None
    service: str
    file: str
    blocks: bool
    clock: Clock
    redact: Callable[[bytes], bytes] | None
    notice: Callable[[str], None]


class Storage(Protocol):
    """Where the rings of a box are. `redacts`: whether messages are redacted before they are kept, or have to be afterwards."""

    redacts: bool

    def ring(self, number: int, facts: Facts) -> Ring:
        """The ring of a new session."""

    def fault_path(self) -> str | None:
        """Where faulthandler may write, for this process."""

    def after_fork(self) -> None:
        """In the child, before anything else."""

    def close(self) -> None:
        """A normal end."""


def storage(wanted: Wanted) -> Storage:
    """As it is wanted; in memory, and a word about it, where no file can be had."""
    if wanted.directory is not None:
        from vigilog.blackbox.in_file import InFile  # noqa: PLC0415 - only where there is a directory

        try:
            return InFile(
                wanted.bounds,
                wanted.capture,
                wanted.directory,
                wanted.service,
                wanted.file,
                wanted=wanted.blocks,
                clock=wanted.clock,
                redact=wanted.redact,
                notice=wanted.notice,
            )
        except OSError as error:
            wanted.notice(f"messages are kept in memory only: {error.filename or wanted.directory}: {error.strerror}")
    return InMemory(wanted.bounds, wanted.capture)
