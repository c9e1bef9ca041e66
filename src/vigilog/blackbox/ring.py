"""The seam between a session and where its messages are kept: in memory, or in a file that outlives the process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from vigilog.blackbox.entry import Entry
from vigilog.parse.forensics import Message


class Kept(NamedTuple):
    """What a ring held: its messages, oldest first; how many were evicted before them; how many are damaged. `mark` is its
    own."""

    messages: Sequence[Message]
    evicted: int
    damaged: int
    mark: Any


class Ring(Protocol):
    """The messages of one session. Nothing here raises, neither for want of room nor otherwise."""

    deferred: bool
    """Whether `later` keeps an entry as it is. If not, it is rendered at once; `keep` with a text and its time is quicker."""

    def later(self, entry: Entry, size: int) -> None:
        """Keeps `entry`, which needs about `size` bytes, to be rendered when it is read (at once where only bytes are kept)."""

    def many(self, entries: Sequence[Entry], size: int) -> None:
        """Keeps `entries`, which need about `size` bytes together, as `later` does with each of them."""

    def keep(self, log_type: str, level: int, text: bytes, moment: float | None = None, pid: int | None = None) -> None:
        """Keeps a message that is rendered already. With `moment` (seconds since the epoch) its time is put before the text."""

    def take(self) -> Kept:
        """What is kept now."""

    def written(self, kept: Kept) -> None:
        """Forgets what `take` gave: it is on the disk."""

    def close(self) -> None:
        """Forgets everything: the session is over."""
