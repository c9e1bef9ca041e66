"""What all rings of a box in a file do alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from vigilog.blackbox.facts import Facts


class Voice(NamedTuple):
    """What every ring of a box does alike: `kinds` are the log types that are kept, by their names; `clock` tells the time;
    `redact` is applied to each text; `identity` and `counters` give what is known about a session, as it is stored; `messages`
    is how many are kept. `stamped` are kinds by log types for those who call `put`; none where texts are to be redacted."""

    kinds: Mapping[str, int]
    clock: Callable[[], float]
    redact: Callable[[bytes], bytes] | None
    identity: Callable[[Facts], bytes]
    counters: Callable[[Facts], tuple[int, ...]]
    messages: int
    stamped: Mapping[str, int]
