"""Many alerts as one mail: counted by rule and key, with the lines that prove the first few. A storm makes it no larger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from vigilog.core.clock import local
from vigilog.core.nouns import Alert, Order
from vigilog.core.visible import shown, shown_bytes

KEYS = 1000
"""So many pairs of rule and key are told apart; those after them are counted together, by rule."""
PROVEN = 10
"""Of so many alerts the lines are shown ..."""
LINES = 10
"""... and so many of each ..."""
LENGTH = 1000
"""... up to so many characters."""


@dataclass(slots=True)
class Tally:
    """How many alerts, and the first and the last time of them."""

    first: float
    last: float
    count: int = 0

    def add(self, moment: float) -> None:
        """One more, at `moment`."""
        self.first, self.last, self.count = min(self.first, moment), max(self.last, moment), self.count + 1


@dataclass(slots=True)
class Digest:
    """What has been gathered for one mail."""

    total: int = 0
    keys: dict[tuple[str, tuple[str, ...]], Tally] = field(default_factory=dict)
    further: dict[str, Tally] = field(default_factory=dict)
    proven: list[tuple[str, ...]] = field(default_factory=list)
    repeated: bool = False

    def add(self, order: Order) -> None:
        """Takes up the alert of `order`."""
        alert = order.alert
        self.total += 1
        self.repeated = self.repeated or order.attempt > 1
        known = (alert.rule, alert.key)
        if known in self.keys or len(self.keys) < KEYS:
            self.keys.setdefault(known, Tally(alert.time, alert.time)).add(alert.time)
        else:
            self.further.setdefault(alert.rule, Tally(alert.time, alert.time)).add(alert.time)
        if len(self.proven) < PROVEN:
            self.proven.append(tuple(_proof(alert)))

    def text(self, host: str) -> bytes:
        """The mail's body. Nothing in it can steer a terminal, and each line of a log stays one line."""
        return "".join(f"{line}\n" for line in self._lines(host)).encode()

    def _lines(self, host: str) -> Iterator[str]:
        yield f"{self.total} alert{'s' * (self.total != 1)} on {shown(host)}."
        if self.repeated:
            yield "Vigilog was stopped while it mailed some of these: they may have reached you before."
        for rule in dict.fromkeys([rule for rule, _ in self.keys] + list(self.further)):
            yield ""
            yield shown(rule)
            for (of, key), tally in self.keys.items():
                if of == rule:
                    yield _row(tally, shown(", ".join(key)))
            if rule in self.further:
                yield _row(self.further[rule], "(others)")
        yield ""
        yield "The lines behind it:" if self.total <= len(self.proven) else f"The lines behind the first {len(self.proven)}:"
        for proof in self.proven:
            yield from proof


def _proof(alert: Alert) -> Iterator[str]:
    yield ""
    yield f"{_moment(alert.time)}  {shown(alert.rule)}  {shown(', '.join(alert.key))}".rstrip()
    for event in alert.events[-LINES:]:
        yield f"    {shown_bytes(event.line[:LENGTH])}{' ...' if len(event.line) > LENGTH else ''}"
    if len(alert.events) > LINES:
        yield f"    (the last {LINES} of {alert.count} lines)"


def _row(tally: Tally, key: str) -> str:
    until = "" if tally.last == tally.first else f" .. {_moment(tally.last)}"
    return f"  {tally.count:>7}  {key:<39}  {_moment(tally.first)}{until}"


def _moment(moment: float) -> str:
    return local(moment).strftime("%Y-%m-%d %H:%M:%S")
