"""The account of one `vigilog ship`: what was read, what it came to, and what is said of it at the end."""

from __future__ import annotations

from dataclasses import dataclass, field

from vigilog.core.nouns import Notice, Position
from vigilog.ship.counts import Ending

EXAMPLES = 3
"""So many lines that were not understood are shown."""


@dataclass(slots=True)
class Account:
    """`lines` that were read, `strange` those of them that were not understood, `size` their bytes; `positions` behind what
    was offered; `examples` of what was not understood; what the sources said of themselves; and what `stopped` it."""

    lines: int = 0
    strange: int = 0
    size: int = 0
    positions: dict[str, Position] = field(default_factory=dict)
    examples: list[bytes] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    stopped: int = 0

    def add(self, size: int, lines: int, strange: list[bytes]) -> None:
        """A block was offered."""
        self.size += size
        self.lines += lines
        if strange:
            self.strange += len(strange)
            self.examples += strange[: EXAMPLES - len(self.examples)]


@dataclass(frozen=True, slots=True)
class Way:
    """Where things went, in words: `to` the target, `spool` what waits, `strange` the lines that were not of the format."""

    to: str
    spool: str
    strange: str


def summary(account: Account, ending: Ending, way: Way) -> str:
    """What came of it, in one line."""
    parts = [f"{_counted(account.lines, 'line')} read"]
    if account.strange:
        parts.append(f"{account.strange:,} of them not of the format ({way.strange})")
    parts.append(
        f"{_counted(ending.acknowledged, 'record')} {'acknowledged by' if way.to == 'kafka' else 'written to'} {way.to}"
    )
    if ending.counts.repeated:
        parts.append(f"up to {ending.counts.repeated:,} perhaps there twice: an earlier end came before their acknowledgement")
    if ending.left:
        parts.append(f"{ending.left:,} wait in {way.spool}" if way.spool else f"{ending.left:,} NOT DELIVERED")
    for number, words in (
        (ending.dead, "refused for good, kept as dead letters"),
        (ending.dropped, "dropped: the spool was full"),
        (ending.lost, "LOST"),
    ):
        if number:
            parts.append(f"{number:,} {words}")
    return ", ".join(parts)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
