"""Between the outbox and the actions: orders go out as there is room, outcomes come in, and the store knows of both."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from vigilog.core.clock import Clock
from vigilog.core.nouns import Order, Outcome
from vigilog.core.seams import Action
from vigilog.run.accounts import Accounts
from vigilog.run.acting import ROOM, Acting
from vigilog.store import bans
from vigilog.store.database import transaction
from vigilog.store.outbox import add_order, begin_orders, end_orphans, mark_ended, reopen_orders

if TYPE_CHECKING:
    from vigilog.shipping.outgoing import Outgoing

DRAIN = 10.0
"""Seconds that actions get to end what they have."""


class Desk:
    """`followers` gives, for a trigger's name, the actions that are told what the others did. `say` takes a line for the log;
    `told` gives what is said of an order that begins, `outgoing` ships what is to be shipped. Outcomes that could not be stored
    are kept and stored with the next."""

    def __init__(
        self,
        store: sqlite3.Connection,
        accounts: Accounts,
        clock: Clock,
        followers: Callable[[str], Sequence[str]],
        say: Callable[[str], None],
        told: Callable[[Order], Sequence[str]],
        outgoing: Outgoing,
    ) -> None:
        self._store, self._accounts, self._clock, self._outgoing = store, accounts, clock, outgoing
        self._followers, self._say, self._told = followers, say, told
        self._acting = Acting()
        self._behind: set[str] = set()
        """Actions that have, or may have, orders waiting in the outbox."""
        self._unstored: list[Outcome] = []
        self._undone: list[int] = []
        """Orders that actions left which were replaced."""

    def fileno(self) -> int:
        """Readable when there are outcomes."""
        return self._acting.fileno()

    def open(self, actions: Mapping[str, Action]) -> int:
        """Sets the actions to work, first on what the last run left undone; gives how many orders had been begun before.

        Raises StoreError.
        """
        self._acting.replace(actions, DRAIN)
        with transaction(self._store):
            left = reopen_orders(self._store)
            self._end_orphans()
        self._behind.update(actions)
        self._fetch()
        return left

    def replace(self, actions: Mapping[str, Action]) -> None:
        """Works with these actions from now on. What others had and did not do, those of the same name do; the orders of an
        action that is gone are ended. Raises StoreError."""
        self._acting.replace(actions, DRAIN)
        self._behind.update(actions)
        with transaction(self._store):
            self._end_orphans()
        self.collect()

    def room(self) -> dict[str, int]:
        """How many orders each action can take now."""
        return self._acting.room()

    def waiting(self) -> dict[str, int]:
        """How many orders each action has that are not ended."""
        return self._acting.waiting()

    def begin(self, orders: Sequence[Order], left: Mapping[str, int]) -> None:
        """Hands over orders that are stored as begun; `left` is the room that they left."""
        self._behind |= {name for name, count in left.items() if count <= 0}
        for order in orders:
            for line in self._told(order):
                self._say(line)
        self._acting.order(orders)

    def collect(self) -> None:
        """Stores what became of orders, and begins what follows from it. Raises StoreError: the outcomes are kept."""
        self._take(self._acting.outcomes())
        if self._unstored:
            outcomes = self._unstored
            with self._outgoing.transaction():
                bans.apply(self._store, [change for outcome in outcomes for change in outcome.changes])
                mark_ended(self._store, [outcome for outcome in outcomes if outcome.order.number], self._clock())
                for outcome in outcomes:
                    for name in self._watching(outcome):
                        add_order(self._store, name, outcome)
                        self._behind.add(name)
            self._unstored = []
            for outcome in outcomes:
                self._accounts.ended(outcome)
                verb = "" if outcome.done else "not done: "
                self._say(f"{outcome.order.action}: {outcome.order.alert.rule}: {verb}{outcome.reason}")
        self._undone += self._acting.left()
        if self._undone:
            with transaction(self._store):
                reopen_orders(self._store, self._undone)
                self._end_orphans()
            self._undone = []
            self._behind.update(self._acting.all())
        self._fetch()

    def close(self) -> None:
        """Lets the actions end what they have. One without an outcome is begun again by the next run. Raises StoreError."""
        self._take(self._acting.close(DRAIN))
        self._acting = Acting()
        self._behind.clear()
        self.collect()

    def _take(self, outcomes: Sequence[Outcome]) -> None:
        self._unstored += outcomes
        self._outgoing.outcomes(outcomes)
        self._outgoing.changes(change for outcome in outcomes for change in outcome.changes)

    def _end_orphans(self) -> None:
        ended = end_orphans(self._store, self._acting.all(), self._clock())
        if ended:
            self._say(f"{ended} orders are not carried out: their action is not there any more")

    def _watching(self, outcome: Outcome) -> Sequence[str]:
        return () if outcome.order.of else self._followers(outcome.order.alert.rule)

    def _fetch(self) -> None:
        if not self._behind:
            return
        room = {name: min(count, ROOM) for name, count in self._acting.room().items() if name in self._behind and count > 0}
        if not room:
            return
        with transaction(self._store):
            orders = begin_orders(self._store, room)
        begun = [order.action for order in orders]
        self._behind -= {name for name, count in room.items() if begun.count(name) < count}
        self.begin(orders, {})
