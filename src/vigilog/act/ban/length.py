"""How long a ban is: longer each time."""

from __future__ import annotations

import math
from dataclasses import dataclass

from vigilog.act.ban.firewall import LONGEST


@dataclass(frozen=True, slots=True)
class Lengths:
    """What `[ban]` says about time, in seconds: the first ban, the factor (1 or more) for each further one, the most that it
    grows to, and for how long somebody who was banned is remembered after the end of the ban."""

    time: float = 600.0
    factor: float = 2.0
    max_time: float = 604_800.0
    memory: float = 2_592_000.0


def length(lengths: Lengths, times: int, first: float | None = None) -> float:
    """The length of the `times`-th ban (1 or more), in seconds, at least 1. `first`: what the first one is instead of `time`.

    A first one that is longer than the most stays as it is.
    """
    base = max(lengths.time if first is None else first, 1.0)
    most = min(max(base, lengths.max_time), LONGEST)
    # Compared as logarithms: the power itself may be larger than any number there is.
    if math.log(base) + (times - 1) * math.log(lengths.factor) >= math.log(most):
        return most
    return min(base * lengths.factor ** (times - 1), most)


def told(seconds: float) -> str:
    """A length for people, in its two largest units: `45s`, `10m`, `1h30m`, `7d`."""
    rest = max(0, math.ceil(seconds))
    parts: list[str] = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count or parts:
            parts.append(f"{count}{unit}" if count else "")
    return "".join(parts[:2]) or "0s"
