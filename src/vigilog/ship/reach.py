"""Whether brokers can be reached, told to the administrator once when they cannot, and once when they can again."""

from __future__ import annotations

import time
from collections.abc import Callable

from vigilog.core.clock import Clock

FAILED = "failed"
"""The kind of an error that is not librdkafka's own word: records could not be delivered, or their refusals not be kept."""
_DOWN = frozenset({"_ALL_BROKERS_DOWN", "_SSL", "_AUTHENTICATION", "_RESOLVE", FAILED})
_REMEDY = {
    "_SSL": "see that ssl.ca.location names the authority that signed the broker's certificate, and that the certificate is"
    " valid for the name that is used here",
    "_AUTHENTICATION": "see that sasl.mechanisms, sasl.username and sasl.password are those that the broker expects",
    "_RESOLVE": "see that the broker's name is right",
}
_UNANSWERED = "in state APIVERSION_QUERY"  # what a listener for TLS does to those who do not speak it
GRACE = 1.0
"""Seconds without an acknowledgement after an error before it is worth a line."""
SILENCE = 30.0
"""Seconds without an acknowledgement before that alone is."""


class Reach:
    """`errors` counts what librdkafka reported; `away_since` is seconds since the epoch, None while all is well; `reason` says
    why they are away, '' while they are not."""

    def __init__(self, say: Callable[[str], None], clock: Clock) -> None:
        self._say = say
        self._clock = clock
        self._heard = ("", "")  # kind and text of the latest error
        self._down: float | None = None
        self._last_progress = time.monotonic()
        self.errors = 0
        self.away_since: float | None = None
        self.reason = ""

    def error(self, kind: str, text: str) -> None:
        """Takes note of an error that librdkafka reported under that name."""
        self.errors += 1
        if kind != "_ALL_BROKERS_DOWN" or not self._heard[1]:
            self.hear(kind, text)
        if kind in _DOWN and self._down is None:
            self._down = time.monotonic()

    def hear(self, kind: str, text: str) -> None:
        """What may be the reason of an error, whether it is one or not."""
        self._heard = (kind, " ".join(text.split()))

    def progress(self) -> None:
        """Something was acknowledged, or there is nothing to acknowledge."""
        self._last_progress = time.monotonic()
        self._down = None
        self._heard = ("", "")
        if self.away_since is not None:
            self._say(f"Kafka takes records again after {self._clock() - self.away_since:.0f} s")
            self.away_since = None
            self.reason = ""

    def look(self) -> None:
        """Something waits to be acknowledged: says so if that takes too long."""
        now = time.monotonic()
        if self.away_since is not None:
            return
        quiet = now - self._last_progress
        if (self._down is not None and min(quiet, now - self._down) >= GRACE) or quiet >= SILENCE:
            kind, text = self._heard
            self.away_since = self._clock() - quiet
            self.reason = text or f"nothing was acknowledged for {quiet:.0f} s"
            remedy = _REMEDY.get(kind, "")
            if _UNANSWERED in text:
                remedy = "see that security.protocol is that of this listener"
            self._say(f"Kafka takes no records: {self.reason}; {remedy + '; ' if remedy else ''}they wait until it does")

    def idle(self) -> None:
        """Nothing waits: silence means nothing."""
        self._last_progress = time.monotonic()
