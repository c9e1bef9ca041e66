"""What is said and asked between bans and whoever deals with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

Past = Callable[[Sequence[str], float], Mapping[str, int]]
"""How often targets were banned so far, of those whose last ban held at a moment or later: `store.bans.past`. Called in the
thread of whoever asks for a ban. May raise StoreError."""

BY_HAND = "by hand"
"""The rule of a ban that somebody asked for."""


class Asked(NamedTuple):
    """A ban that no alert of this host wants: of an address or a network (first address and length), for exactly so many
    seconds (None: as the settings have it), from these ports (none: from all). `rule` and `reason` stand in the list of bans.
    `made`: when it was asked for, if that may be long ago (seconds since the epoch)."""

    text: str
    seconds: float | None = None
    ports: tuple[str, ...] = ()
    rule: str = BY_HAND
    reason: str = "asked for"
    made: float | None = None


class Answer(NamedTuple):
    """What came of something that was asked for: a line for each thing, whether all of it was done, and rows for the store
    (`store.bans.apply`)."""

    lines: tuple[str, ...]
    done: bool
    changes: tuple[object, ...] = ()


def answer(lines: Sequence[str], error: str, changes: tuple[object, ...] = (), *, done: bool = True) -> Answer:
    """An answer, with the firewall's error ('': none) as its last line."""
    return Answer((*lines, *([error] if error else [])), done and not error, changes)
