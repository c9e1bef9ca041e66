"""What keeps records from coming out of Kafka, said once until it is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from vigilog.core.nouns import Notice, NoticeKind
from vigilog.watch.kafka_client import library, told

PATIENCE = 10.0
"""Brokers that are back within so many seconds were never away."""


class Trouble:
    """`say` takes what must be known of the source called `name`."""

    def __init__(self, name: str, say: Callable[[Notice], None]) -> None:
        self._name, self._say = name, say
        self._since: float | None = None
        self._reason = ""
        self._said: set[str] = set()

    @property
    def is_away(self) -> bool:
        """Brokers seem to be away for long enough to ask."""
        return self._since is not None and time.monotonic() - self._since >= PATIENCE

    def heard(self, error: Any) -> None:
        """Something that librdkafka says, about connections mostly."""
        codes = library().KafkaError
        if error.code() == codes._ALL_BROKERS_DOWN:  # noqa: SLF001 - so it is named
            self.fails()
        else:
            self._reason = told(error)

    def fails(self, reason: str = "") -> None:
        """No broker answers; said when that lasts."""
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        if now - self._since >= PATIENCE:
            why = self._reason or reason
            text = f"{self._name} cannot be read at the moment, no broker answers{why and ': ' + why}"
            self.complain("unreadable", "away", text)

    def is_well(self) -> None:
        """They answer."""
        self._since, self._reason = None, ""
        self._said.discard("away")

    def complain(self, kind: NoticeKind, about: str, text: str) -> None:
        """Says this, unless something was said about the same already."""
        if about not in self._said:
            self._said.add(about)
            self._say(Notice(kind, self._name, text))

    def is_over(self, about: str) -> None:
        """If it comes again, that is said."""
        self._said.discard(about)
