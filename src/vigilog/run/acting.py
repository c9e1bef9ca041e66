"""Orders carried out: each action in a thread of its own, so that a slow one holds up neither the watch nor the others.

The queues are bounded. What finds no room stays in the outbox and is fetched when there is some: a storm of alerts costs disk,
not memory, and no order is lost.
"""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress

from vigilog.act.light import light
from vigilog.act.timed import Timed
from vigilog.core.nouns import Order, Outcome
from vigilog.core.seams import Action
from vigilog.core.visible import shown

ROOM = 2000
"""Orders that most actions may have waiting in memory."""
PAUSE = 1.0
"""Seconds before an action is called again after a fault in it."""
LAST = 2.0
"""Seconds that a thread gets to end after its action was closed."""


class Actor:
    """One action at work in its thread. `ended` is called there with each outcome."""

    def __init__(self, name: str, action: Action, ended: Callable[[Actor, Outcome], None]) -> None:
        self.name = name
        self.action = action
        self.room: int = getattr(action, "room", ROOM)
        """Orders that it may have; an action that makes little of them says that it takes more."""
        self.handed: set[int] = set()
        """The numbers of orders handed over whose outcome is not collected yet."""
        self.over = False
        """The thread has ended, and gives no outcome any more."""
        self._ended = ended
        self._orders: deque[Order] = deque()
        self._open: dict[int, Order] = {}
        """Orders that the action was given and has said nothing of, by their numbers: many and for long where it is timed, and
        then without their events; and which of them it was called for."""
        self._concerned: AbstractSet[int] = frozenset()
        self._changed = threading.Condition()
        self._stopping = self._closing = False
        self._until = 0.0
        self._thread = threading.Thread(target=self._work, name=f"action {name}", daemon=True)
        self._thread.start()

    def order(self, orders: Sequence[Order]) -> None:
        """Hands orders over."""
        self.handed.update(order.number for order in orders)
        with self._changed:
            self._orders.extend(orders)
            self._changed.notify()

    def end(self, seconds: float) -> None:
        """Lets the thread do what waits, for about so long, close the action and end. If it does not, the action is closed from
        here. Returns when that is done."""
        with self._changed:
            self._stopping = True
            self._until = time.monotonic() + seconds
            self._changed.notify()
        self._thread.join(seconds)
        if self._thread.is_alive():
            with self._changed:
                self._orders.clear()
            self.action.close()
            self._thread.join(min(seconds, LAST))
        self.over = True

    def _work(self) -> None:
        while not self._closing:
            try:
                self._call()
            except Exception as error:  # noqa: BLE001 - a fault in an action must not silence it for good
                self._failed(error)

    def _call(self) -> None:
        """Waits until the action has something to do, and calls it."""
        timed = self.action if isinstance(self.action, Timed) else None
        self._concerned = self._open.keys()
        orders = self._next(timed.due() if timed else None)
        if orders:
            if timed:
                self._open.update((order.number, light(order, bare=True)) for order in orders)
            else:
                self._open = {order.number: order for order in orders}
            self._concerned = {order.number for order in orders}
            self._collect(self.action.perform(orders))
            return
        if self._stopping:
            due = timed.due() if timed else None
            if timed is None or due is None or time.monotonic() + due >= self._until - LAST:
                self._closing = True
                self.action.close()
            elif due:
                time.sleep(due)
        if timed:
            self._collect(timed.tick())

    def _collect(self, outcomes: Iterator[Outcome]) -> None:
        for outcome in outcomes:
            self._open.pop(outcome.order.number, None)
            self._ended(self, outcome)

    def _failed(self, error: Exception) -> None:
        """A fault in the action is the outcome of what it was called for: these orders could fail in the same way again."""
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{os.path.basename(place.filename)}:{place.lineno}"
        reason = shown(f"a fault in the action, at {where}: {type(error).__name__}: {error}")
        for number in sorted(self._concerned & self._open.keys()):
            self._ended(self, Outcome(self._open.pop(number), done=False, reason=reason))
        with self._changed:
            if self._stopping:
                self._until = 0.0  # nothing later is waited for, or the same fault would come again at once
            self._changed.wait_for(lambda: self._stopping, PAUSE)

    def _next(self, seconds: float | None) -> list[Order]:
        """All orders that wait, at once; none if there were none for so long, or it is time to stop."""
        with self._changed:
            self._changed.wait_for(lambda: self._orders or self._stopping, seconds)
            orders = list(self._orders)
            self._orders.clear()
            return orders


class Acting:
    """All actions at work. `fileno` is readable when outcomes wait to be taken."""

    def __init__(self) -> None:
        self._actors: dict[str, Actor] = {}
        self._ended: deque[tuple[Actor, Outcome]] = deque()
        self._bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._ringing = threading.Lock()
        self._leaving: dict[Actor, threading.Thread] = {}
        self._left: list[int] = []

    def fileno(self) -> int:
        """The descriptor to wait for."""
        return self._bell

    def replace(self, actions: Mapping[str, Action], seconds: float) -> None:
        """Works with `actions` from now on (one object under several names has one thread): those that are there already go on
        undisturbed, the others end what they have, in about `seconds` at most. Does not wait for that: their outcomes come as
        all others do, and what they left undone is told by `left`."""
        staying = {id(actor.action): actor for actor in self._actors.values() if actor.action in actions.values()}
        for actor in {actor for actor in self._actors.values() if id(actor.action) not in staying}:
            thread = threading.Thread(target=self._end, args=(actor, seconds), name=f"end of {actor.name}", daemon=True)
            self._leaving[actor] = thread
            thread.start()
        for name, action in actions.items():
            if id(action) not in staying:
                staying[id(action)] = Actor(name, action, self._take)
        self._actors = {name: staying[id(action)] for name, action in actions.items()}

    def left(self) -> list[int]:
        """The numbers of orders that actions left undone which have ended since the last call. To be asked after `outcomes`."""
        left, self._left = self._left, []
        return left

    def all(self) -> dict[str, Action]:
        """The actions at work, by their names."""
        return {name: actor.action for name, actor in self._actors.items()}

    def room(self) -> dict[str, int]:
        """How many more orders each action takes now."""
        return {name: max(0, actor.room - len(actor.handed)) for name, actor in self._actors.items()}

    def waiting(self) -> dict[str, int]:
        """How many orders each action has that are not ended."""
        return {name: len(actor.handed) for name, actor in self._actors.items()}

    def order(self, orders: Iterable[Order]) -> None:
        """Hands orders to their actions, of which there must be one for each."""
        sorted_out: dict[str, list[Order]] = {}
        for order in orders:
            sorted_out.setdefault(order.action, []).append(order)
        for name, some in sorted_out.items():
            self._actors[name].order(some)

    def outcomes(self) -> list[Outcome]:
        """What has ended since the last call."""
        with suppress(BlockingIOError):
            os.eventfd_read(self._bell)
        over = [actor for actor in self._leaving if actor.over]
        taken = []
        while self._ended:
            actor, outcome = self._ended.popleft()
            actor.handed.discard(outcome.order.number)
            taken.append(outcome)
        for actor in over:
            self._left += sorted(actor.handed)
            del self._leaving[actor]
        return taken

    def close(self, seconds: float) -> list[Outcome]:
        """Ends all actions, in about `seconds` at most; gives the last outcomes. An order without one stays in the outbox."""
        self.replace({}, seconds)
        for thread in list(self._leaving.values()):
            thread.join()
        last = self.outcomes()
        with self._ringing:  # a thread that is later still must not ring what has become another file's descriptor
            os.close(self._bell)
            self._bell = -1
        return last

    def _end(self, actor: Actor, seconds: float) -> None:
        actor.end(seconds)
        self._ring()

    def _take(self, actor: Actor, outcome: Outcome) -> None:
        self._ended.append((actor, outcome))
        self._ring()

    def _ring(self) -> None:
        with self._ringing:
            if self._bell >= 0:
                os.eventfd_write(self._bell, 1)
