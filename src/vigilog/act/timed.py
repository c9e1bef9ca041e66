"""Actions that do some of their work later: a digest that is gathered, a request that is tried again.

Whoever calls `perform` calls these two as well, where an action has them, in the same thread and never while a `perform` or a
`tick` of the same action is under way:

- after each `perform` and each `tick`, and whenever it would wait: `due()`. If that is a number, it waits for new orders no
  longer than so many seconds, and then calls `tick()`.
- once more after `close()`: `tick()`, for the outcomes of what `close` still did. An order that has no outcome then was not
  carried out and is not under way: it stays in the outbox, and is given again at the next start.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from vigilog.core.nouns import Outcome


@runtime_checkable
class Timed(Protocol):
    """What such an action has besides what `core.seams.Action` asks for."""

    def due(self) -> float | None:
        """In how many seconds `tick` should be called (0: now); None: nothing waits."""

    def tick(self) -> Iterator[Outcome]:
        """Does what is due by now, and gives the outcomes of earlier orders that are known now. Calling it early, or when
        nothing is due, does no harm."""
