"""Mails alerts: the first at once, and what comes within some time after a mail as one more mail.

An order has its outcome when the mail that tells of it went out. How mail leaves is handed in.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence

from vigilog.act.digest import Digest
from vigilog.act.light import light
from vigilog.act.template import template
from vigilog.core.errors import DeliveryError
from vigilog.core.nouns import Order, Outcome

Send = Callable[[str, bytes], None]
"""Sends a mail with this subject and this text, and returns when it is handed over. Raises DeliveryError."""

SUBJECT = "{name}: {key}"
"""The default of the subject."""
WHOLE = 1000
"""So many waiting orders keep their events, if these are small; those after them are remembered without."""
TITLE = 200
"""A subject has so many characters at most, besides how many more alerts the mail is about."""
MOST = 100_000
"""When so many orders wait, the mail goes out at once."""
_TRIES = 10
_FIRST_DISTANCE = 30.0
_LONGEST_DISTANCE = 1800.0


class Mail:
    """The action `mail`. `digest` is in seconds; `subject` is a template of the first alert in the mail (empty: SUBJECT), in
    which `fields` may be used; `host` is what the mail calls this host; `ticks` is a clock that only goes forward.

    A mail that cannot be sent is tried again for two hours or so, and gathers what comes until then. It is an action with
    `due` and `tick` (`timed`). Raises ConfigurationError for a bad template.
    """

    room = MOST
    """So many orders may be handed over before the first of them has an outcome: a storm is to be one mail, not many."""

    def __init__(
        self,
        send: Send,
        *,
        host: str,
        digest: float = 60.0,
        subject: str = "",
        fields: Collection[str] = (),
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._send, self._host, self._digest, self._ticks = send, host, digest, ticks
        self._subject = template(subject or SUBJECT, fields)
        self._first = ""
        self._gathered = Digest()
        self._waiting: list[Order] = []
        self._next = ticks()
        self._failed = 0
        self._known: list[Outcome] = []
        self._busy = threading.Lock()

    def perform(self, orders: Sequence[Order]) -> Iterator[Outcome]:
        """Gathers, and mails if it is time to."""
        with self._busy:
            for order in orders:
                self._gather(order)
        return self.tick()

    def due(self) -> float | None:
        """In how many seconds the next mail goes out."""
        if self._known:
            return 0.0
        return max(0.0, self._next - self._ticks()) if self._waiting else None

    def tick(self) -> Iterator[Outcome]:
        """Mails what is gathered, if it is time to."""
        with self._busy:
            if self._waiting and self._ticks() >= self._next:
                self._mail()
            known, self._known = self._known, []
        return iter(known)

    def close(self) -> None:
        """Mails what is gathered. What cannot be mailed now has no outcome, and is given again at the next start.

        Any thread may call it; while another one is mailing it does nothing.
        """
        if self._busy.acquire(blocking=False):
            try:
                if self._waiting:
                    self._mail(last=True)
            finally:
                self._busy.release()

    def would(self, order: Order) -> str:
        """What `perform` would do about `order`."""
        return f"mail: {self._title(order)}"

    def _gather(self, order: Order) -> None:
        if len(self._waiting) >= MOST and not self._failed:
            self._mail()
        if len(self._waiting) >= MOST:
            self._known.append(Outcome(order, done=False, reason=f"queue full: {MOST} wait for mail to work again"))
            return
        if not self._waiting:
            self._first = self._title(order)
        self._gathered.add(order)
        self._waiting.append(light(order, bare=len(self._waiting) >= WHOLE))

    def _mail(self, *, last: bool = False) -> None:
        try:
            more = len(self._waiting) - 1
            self._send(f"{self._first} (and {more} more)" if more else self._first, self._gathered.text(self._host))
        except DeliveryError as error:
            self._failed += 1
            self._next = self._ticks() + min(_FIRST_DISTANCE * 2 ** (self._failed - 1), _LONGEST_DISTANCE)
            if self._failed >= _TRIES and not last:
                self._settle(done=False, reason=f"not mailed after {self._failed} tries: {error}")
        else:
            number = len(self._waiting)
            self._next = self._ticks() + self._digest
            self._settle(done=True, reason="mailed" if number == 1 else f"mailed with {number - 1} others")

    def _title(self, order: Order) -> str:
        title = self._subject.line(order)
        return title if len(title) <= TITLE else f"{title[:TITLE]} ..."

    def _settle(self, *, done: bool, reason: str) -> None:
        self._known += [Outcome(order, done=done, reason=reason) for order in self._waiting]
        self._waiting, self._gathered, self._failed = [], Digest(), 0
