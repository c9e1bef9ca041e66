"""The dry run: says what would have been done, and does nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from vigilog.core.nouns import Order, Outcome
from vigilog.core.visible import shown

Would = Callable[[Order], str]
"""What would be done about an order, in a few words. Most actions have it as their method `would`."""


def nothing(order: Order) -> str:
    """For an action that is `null` by configuration: what it is told of."""
    return shown(f"do something about {order.alert.rule} {', '.join(order.alert.key)}").rstrip()


class Null:
    """The action `null`, and what stands in for every other one in a dry run: `would` says what that would do."""

    def __init__(self, would: Would = nothing) -> None:
        self._would = would

    def perform(self, orders: Sequence[Order]) -> Iterator[Outcome]:
        """Gives each order its outcome: done, and what would have been done."""
        for order in orders:
            yield Outcome(order, done=True, reason=f"dry run: would {self._would(order)}")

    def close(self) -> None:
        """Nothing is under way."""
