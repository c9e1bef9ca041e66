"""What all targets have in common: the broker, a file, the standard output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vigilog.ship.counts import Counts, Ending
from vigilog.ship.record import Record


class Target(Protocol):
    """Where records go. `ship.shipper.Shipper` says what each method promises; `ship.plain.PlainTarget` is the one without a
    broker, made of `stdout` or `file:PATH`."""

    @property
    def origin(self) -> str: ...

    @property
    def next_number(self) -> int: ...

    @property
    def safe(self) -> int: ...

    @property
    def counts(self) -> Counts: ...

    def offer(self, records: Sequence[Record]) -> int: ...

    def offer_values(self, topic: str, values: Sequence[bytes], keys: Sequence[bytes | None] | None = None) -> int: ...

    def release(self, number: int) -> None: ...

    def settle(self, seconds: float = 0.0, number: int | None = None) -> bool: ...

    def room(self) -> int: ...

    def close(self, seconds: float) -> Ending: ...
