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
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress

from vigilog.act.shown import shown
from vigilog.act.timed import Timed
from vigilog.core.nouns import Order, Outcome
from vigilog.core.seams import Action

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
        self.has = 0
        """Orders handed over whose outcome is not collected yet."""
        self._ended = ended
        self._orders: deque[Order] = deque()
        self._open: dict[int, Order] = {}
        """Orders that the action was given and has said nothing of, by their numbers; and which of them it was called for."""
        self._concerned: AbstractSet[int] = frozenset()
        self._changed = threading.Condition()
        self._stopping = self._closing = False
        self._thread = threading.Thread(target=self._work, name=f"action {name}", daemon=True)
        self._thread.start()

    def order(self, orders: Iterable[Order]) -> None:
        """Hands orders over."""
        with self._changed:
            self._orders.extend(orders)
            self._changed.notify()

    def stop(self) -> None:
        """Lets the thread do what waits, close the action and end."""
        with self._changed:
            self._stopping = True
            self._changed.notify()

    def join(self, seconds: float) -> bool:
        """Waits for the end of the thread. If that is late, the action is closed from here. Gives whether it came."""
        self._thread.join(seconds)
        if self._thread.is_alive():
            with self._changed:
                self._orders.clear()
            self.action.close()
            self._thread.join(min(seconds, LAST))
        return not self._thread.is_alive()

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
            given = {order.number: order for order in orders}
            self._open = {**self._open, **given} if timed else given
            self._concerned = given.keys()
            self._collect(self.action.perform(orders))
            return
        if self._stopping:
            self._closing = True
            self.action.close()
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

    def fileno(self) -> int:
        """The descriptor to wait for."""
        return self._bell

    def replace(self, actions: Mapping[str, Action], seconds: float) -> list[Outcome]:
        """Works with `actions` from now on (one object under several names has one thread): those that are there already go on
        undisturbed, the others end what they have, in about `seconds` at most. Gives the outcomes that came meanwhile."""
        staying = {id(actor.action): actor for actor in self._actors.values() if actor.action in actions.values()}
        _end([actor for actor in set(self._actors.values()) if id(actor.action) not in staying], seconds)
        for name, action in actions.items():
            if id(action) not in staying:
                staying[id(action)] = Actor(name, action, self._take)
        self._actors = {name: staying[id(action)] for name, action in actions.items()}
        return self.outcomes()

    def all(self) -> dict[str, Action]:
        """The actions at work, by their names."""
        return {name: actor.action for name, actor in self._actors.items()}

    def room(self) -> dict[str, int]:
        """How many more orders each action takes now."""
        return {name: max(0, actor.room - actor.has) for name, actor in self._actors.items()}

    def waiting(self) -> dict[str, int]:
        """How many orders each action has that are not ended."""
        return {name: actor.has for name, actor in self._actors.items()}

    def order(self, orders: Iterable[Order]) -> None:
        """Hands orders to their actions, of which there must be one for each."""
        sorted_out: dict[str, list[Order]] = {}
        for order in orders:
            sorted_out.setdefault(order.action, []).append(order)
        for name, some in sorted_out.items():
            actor = self._actors[name]
            actor.has += len(some)
            actor.order(some)

    def outcomes(self) -> list[Outcome]:
        """What has ended since the last call."""
        with suppress(BlockingIOError):
            os.eventfd_read(self._bell)
        taken = []
        while self._ended:
            actor, outcome = self._ended.popleft()
            actor.has -= 1
            taken.append(outcome)
        return taken

    def close(self, seconds: float) -> list[Outcome]:
        """Ends all actions, in about `seconds` at most; gives the last outcomes. An order without one stays in the outbox."""
        last = self.replace({}, seconds)
        with self._ringing:  # a thread that is later still must not ring what has become another file's descriptor
            os.close(self._bell)
            self._bell = -1
        return last

    def _take(self, actor: Actor, outcome: Outcome) -> None:
        self._ended.append((actor, outcome))
        with self._ringing:
            if self._bell >= 0:
                os.eventfd_write(self._bell, 1)


def _end(actors: Iterable[Actor], seconds: float) -> None:
    """Stops all of them, then waits for all of them, no longer than `seconds` in all if they can be stopped."""
    ending = list(actors)
    for actor in ending:
        actor.stop()
    until = time.monotonic() + seconds
    for actor in ending:
        actor.join(max(0.1, until - time.monotonic()))
