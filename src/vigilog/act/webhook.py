"""Posts alerts as JSON to a URL; what does not arrive is tried again, at growing distances.

What one try finds out about the server (no answer, 429, 503) holds for all orders that are due: it counts as a try of each, and
none of them waits for another's time limit. Any other 5xx is about that order alone. All else but 2xx is final.
"""

from __future__ import annotations

import http.client
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from vigilog.act.light import light
from vigilog.act.message import body
from vigilog.act.post import Answer, Line, checked_headers, target
from vigilog.core.nouns import Order, Outcome
from vigilog.core.visible import shown

_FIRST_DISTANCE = 5.0
_GROWTH = 3.0
_LONGEST_DISTANCE = 900.0
_ABOUT_ALL = frozenset({429, 503})


@dataclass(slots=True, eq=False)
class _Letter:
    order: Order
    body: bytes
    key: str
    next: float
    failed: int = 0


class Webhook:
    """The action `webhook`. `url` is http or https; `host` is what it is told this host is called; `headers` are added;
    `time_limit` is for one try, in seconds; after so many `retries` an order is not done; so many may wait (`queue`).

    `chance` makes the distances a little uneven; `ticks` is a clock that only goes forward. It is an action with `due` and
    `tick` (`timed`). Raises ConfigurationError for a bad URL or header.
    """

    def __init__(
        self,
        url: str,
        *,
        host: str,
        headers: Mapping[str, str] | None = None,
        time_limit: float = 10.0,
        retries: int = 5,
        queue: int = 1000,
        chance: random.Random,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._target = target(url)
        self._headers = {"Content-Type": "application/json", "User-Agent": "vigilog", **checked_headers(headers or {})}
        self._line = Line(self._target)
        self._host, self._time_limit, self._retries, self._queue = host, time_limit, retries, queue
        self._chance, self._ticks = chance, ticks
        self._letters: list[_Letter] = []
        self._closing = False

    def perform(self, orders: Sequence[Order]) -> Iterator[Outcome]:
        """Posts all of them, and what waits and is due. Those that must be tried again have their outcomes from `tick`."""
        for order in orders:
            if len(self._letters) >= self._queue:
                yield Outcome(order, done=False, reason=f"queue full: {self._queue} wait for {self._target.name}")
            else:
                self._letters.append(self._letter(order))
        yield from self.tick()

    def due(self) -> float | None:
        """In how many seconds the next try is."""
        if not self._letters or self._closing:
            return None
        return max(0.0, min(letter.next for letter in self._letters) - self._ticks())

    def tick(self) -> Iterator[Outcome]:
        """Tries what is due."""
        now = self._ticks()
        due = [letter for letter in self._letters if letter.next <= now]
        while due and not self._closing:
            letter = due.pop(0)
            said, answer = self._try(letter)
            if self._closing and answer is None:
                return
            if answer is not None and 200 <= answer.status < 300:
                yield self._settled(letter, said, done=True)
            elif answer is None or answer.status in _ABOUT_ALL:
                for each in (letter, *due):
                    yield from self._postponed(each, said, answer)
                due = []
            elif answer.status >= 500:
                yield from self._postponed(letter, said, answer)
            else:
                yield self._settled(letter, said, done=False)

    def close(self) -> None:
        """Ends the try under way. What has not arrived has no outcome, and is given again at the next start."""
        self._closing = True
        self._line.cut()

    def would(self, order: Order) -> str:
        """What `perform` would do about `order`."""
        return f"post to {self._target.name}: {shown(order.alert.rule)} {shown(', '.join(order.alert.key))}".rstrip()

    def _letter(self, order: Order) -> _Letter:
        key = f"{shown(self._host)}-{order.number}-{order.alert.time:.6f}" if order.number else ""
        return _Letter(light(order), body(order, self._host), key.encode("ascii", "replace").decode(), self._ticks())

    def _try(self, letter: _Letter) -> tuple[str, Answer | None]:
        headers = {**self._headers, "Idempotency-Key": letter.key} if letter.key else self._headers
        try:
            answer = self._line.post(letter.body, headers, self._time_limit)
        except (OSError, http.client.HTTPException) as error:
            return f"{self._target.name} did not answer: {shown(str(error)) or type(error).__name__}", None
        said = f"{self._target.name} said {answer.status} {shown(answer.word)}".rstrip()
        return f"{said}; redirects are not followed" if 300 <= answer.status < 400 else said, answer

    def _postponed(self, letter: _Letter, said: str, answer: Answer | None) -> Iterator[Outcome]:
        letter.failed += 1
        if letter.failed > self._retries:
            yield self._settled(letter, f"{said} (tried {letter.failed} times)", done=False)
            return
        distance = min(_FIRST_DISTANCE * _GROWTH ** (letter.failed - 1), _LONGEST_DISTANCE)
        wanted = min(answer.again or 0.0, _LONGEST_DISTANCE) if answer else 0.0
        letter.next = self._ticks() + max(distance, wanted) * self._chance.uniform(1.0, 1.25)

    def _settled(self, letter: _Letter, said: str, *, done: bool) -> Outcome:
        self._letters.remove(letter)
        return Outcome(letter.order, done=done, reason=said)
