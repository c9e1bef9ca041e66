"""Lines that a LogFormat has not written, kept among the dead letters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from vigilog.core.clock import Clock
from vigilog.core.errors import DeliveryError
from vigilog.core.nouns import Place
from vigilog.ship.refusals import DeadLetters, Refusal

ERROR, REASON = "NOT_OF_FORMAT", "the LogFormat has not written this line"
_ENOUGH = 1 << 20
"""So many bytes of lines are kept in memory at most."""


class Apart:
    """Keeps lines for a file of dead letters, which would have gone to `topic`; None: takes nothing."""

    def __init__(self, letters: DeadLetters | None, topic: str) -> None:
        self._letters = letters
        self._topic = topic
        self._lines: list[bytes] = []
        self._size = 0

    def __call__(self, lines: Sequence[bytes]) -> None:
        """Takes some lines. Raises as `sync` does."""
        if self._letters is None or not lines:
            return
        self._lines += lines
        self._size += sum(map(len, lines))
        if self._size >= _ENOUGH:
            self.sync()

    def sync(self) -> None:
        """Puts on the disk what was taken. Raises DeliveryError if the file cannot be written."""
        if self._letters is None or not self._lines:
            return
        try:
            self._letters.write([Refusal(self._topic, None, line, ERROR, REASON) for line in self._lines])
        except OSError as error:
            place = Place(self._letters.path)
            raise DeliveryError(f"dead letters cannot be kept: {error.strerror}", place=place) from error
        self._lines, self._size = [], 0


@contextmanager
def apart(path: str, topic: str, clock: Clock) -> Iterator[Apart]:
    """What keeps lines in the file `path` ('': takes nothing). Raises StoreError if it cannot be opened."""
    if not path:
        yield Apart(None, topic)
        return
    letters = DeadLetters(path, clock)
    try:
        yield Apart(letters, topic)
    finally:
        letters.close()
