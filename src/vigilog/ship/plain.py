"""Records into a file or to the standard output, one line each: the target that needs no broker."""

from __future__ import annotations

from collections.abc import Sequence

from vigilog.core.nouns import Place
from vigilog.ship.counts import Counts, Ending
from vigilog.ship.record import Record


class PlainTarget:
    """Writes the value of each record as a line, whatever its topic and key. `to` is `stdout` or `file:PATH`; a file is made
    0600, appended to, and not opened through links that others could have put there.

    `settle` writes what was offered and syncs a file. Raises ConfigurationError (with `place`) for another word, DeliveryError
    if the file cannot be opened or written.
    """

    def __init__(self, to: str, *, place: Place | None = None) -> None:
        raise NotImplementedError

    @property
    def origin(self) -> str:
        """Random for each process: nothing is kept."""
        raise NotImplementedError

    @property
    def next_number(self) -> int:
        """Counts from 1 in each process."""
        raise NotImplementedError

    @property
    def counts(self) -> Counts:
        """`acknowledged` are those written."""
        raise NotImplementedError

    def offer(self, records: Sequence[Record]) -> int:
        """As `Shipper.offer`."""
        raise NotImplementedError

    def offer_values(self, topic: str, values: Sequence[bytes], keys: Sequence[bytes | None] | None = None) -> int:
        """As `Shipper.offer_values`."""
        raise NotImplementedError

    def release(self, number: int) -> None:
        """Nothing is ever held."""

    def settle(self, seconds: float = 0.0) -> bool:
        """Writes; always True."""
        raise NotImplementedError

    def room(self) -> int:
        """Always positive."""
        raise NotImplementedError

    def close(self, seconds: float) -> Ending:
        """Writes, and closes a file."""
        raise NotImplementedError
