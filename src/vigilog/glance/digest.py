"""What happened, in memory, so that a page is made of sums and not of a million rows: alerts without their proof, events by
hour, and what is known of each address and user. Filled in order by one thread (`follower`), asked by many."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from itertools import islice
from threading import Lock
from typing import NamedTuple

from vigilog.glance.subjects import addresses, users
from vigilog.store.events import Counted, unpacked
from vigilog.store.looks import Noted
from vigilog.store.words import told

HOUR = 3600
KEPT_HOURS = 31 * 24
RECENT = 200
MOST_SUBJECTS = 200_000
"""Of so many values events are counted one by one; beyond that the ones that came longest ago are forgotten."""
PROOFS = 32
"""So many of the last events of each value can be shown."""


class Seen(NamedTuple):
    """An event for people: its number, trigger, key, time and line."""

    number: int
    rule: str
    key: tuple[str, ...]
    time: float
    source: str
    line: bytes


class Events(NamedTuple):
    """The events of one value: `total` that were counted, and the numbers of the last of them."""

    total: int
    numbers: tuple[int, ...]


class Digest:
    """All of it. Times are seconds since the epoch. `version` grows with every change."""

    def __init__(self) -> None:
        self.version = 0
        self.last_alert = 0
        self.last_event = 0
        self.events_seen = 0
        self._lock = Lock()
        self._alerts: list[Noted] = []
        self._of: dict[str, list[Noted]] = {}
        self._recent: deque[Seen] = deque(maxlen=RECENT)
        self._hours: dict[int, Counter[str]] = {}
        self._values: dict[str, list[int]] = {}

    def add_alerts(self, found: Iterable[Noted]) -> None:
        """Takes alerts, whose numbers ascend."""
        with self._lock:
            for each in found:
                self.last_alert = each.number
                self._alerts.append(each)
                for value in subjects(each):
                    self._of.setdefault(value, []).append(each)
            self.version += 1

    def keep_alerts(self, numbers: set[int]) -> None:
        """Forgets all alerts but those of these numbers and those after the greatest."""
        with self._lock:
            newest = max(numbers, default=0)
            kept = [each for each in self._alerts if each.number in numbers or each.number > newest]
            if len(kept) == len(self._alerts):
                return
            self._alerts, self._of = kept, {}
            for each in kept:
                for value in subjects(each):
                    self._of.setdefault(value, []).append(each)
            self.version += 1

    def add_events(self, found: list[Counted]) -> None:
        """Takes events, whose numbers ascend."""
        if not found:
            return
        with self._lock:
            for number, rule, clears, key, time, _arrived, _source, _line in found:
                if clears:
                    continue
                hour = int(time) // HOUR
                if (counts := self._hours.get(hour)) is None:
                    counts = self._hours[hour] = Counter()
                counts[rule] += 1
                for part in key.split(b"\n"):
                    value = part.decode("utf-8", "surrogateescape")
                    # the first is how many there were, the rest are the last numbers
                    if (known := self._values.get(value)) is None:
                        self._values[value] = [1, number]
                    else:
                        known[0] += 1
                        known.append(number)
                        if len(known) > 2 * PROOFS:
                            del known[1:-PROOFS]
            self.events_seen += len(found)
            self.last_event = found[-1].number
            self._recent.extend(seen(event) for event in found[-RECENT:] if not event.clears)
            for hour in [hour for hour in self._hours if hour < max(self._hours) - KEPT_HOURS]:
                del self._hours[hour]
            for value in list(islice(self._values, max(0, len(self._values) - MOST_SUBJECTS))):
                del self._values[value]
            self.version += 1

    def recent(self, count: int) -> list[Seen]:
        """The last events, the newest first."""
        with self._lock:
            return list(islice(reversed(self._recent), count))

    def alerts(self, since: float = 0.0, until: float = float("inf")) -> list[Noted]:
        """The alerts raised from `since` until before `until`, the newest first."""
        return list(self._newest(since, until))

    def of(self, value: str) -> list[Noted]:
        """The alerts that an address or a user is named in, the newest first."""
        with self._lock:
            return self._of.get(value, [])[::-1]

    def events_of(self, value: str) -> Events:
        """The events that were counted under a value."""
        with self._lock:
            known = self._values.get(value)
            return Events(known[0], tuple(known[1:][-PROOFS:])) if known else Events(0, ())

    def event_hours(self, since: float) -> dict[int, Counter[str]]:
        """How many events of each trigger there were, by hour (since the epoch), from that of `since` on."""
        with self._lock:
            return {hour: Counter(counts) for hour, counts in self._hours.items() if hour >= int(since) // HOUR}

    def _newest(self, since: float, until: float) -> Iterator[Noted]:
        with self._lock:
            alerts = self._alerts[:]
        for each in reversed(alerts):
            if each.raised < since:
                return
            if each.raised < until:
                yield each


def seen(event: Counted) -> Seen:
    """An event for people."""
    key = tuple(value.decode("utf-8", "surrogateescape") for value in unpacked(event.key))
    return Seen(event.number, event.rule, key, event.time, told(event.source), event.line)


def subjects(alert: Noted) -> set[str]:
    """Whom an alert is about: its key, and the addresses and users among the fields of its last event."""
    return {*alert.key, *addresses(alert), *users(alert)}
