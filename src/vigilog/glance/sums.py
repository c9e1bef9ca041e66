"""Sums over alerts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from vigilog.glance.subjects import addresses, users
from vigilog.store.looks import Noted


class Tops(NamedTuple):
    """The most frequent ones, each with its number of alerts, and how many there are in all."""

    addresses: list[tuple[str, int]]
    users: list[tuple[str, int]]
    rules: list[tuple[str, int]]
    hours: list[tuple[int, int]]
    """Hours since the epoch."""
    total: int


def tops(alerts: Iterable[Noted], most: int) -> Tops:
    """The top `most` of everything."""
    by_address: Counter[str] = Counter()
    by_user: Counter[str] = Counter()
    by_rule: Counter[str] = Counter()
    by_hour: Counter[int] = Counter()
    total = 0
    for alert in alerts:
        total += 1
        by_address.update(set(addresses(alert)))
        by_user.update(set(users(alert)))
        by_rule[alert.rule] += 1
        by_hour[int(alert.raised) // 3600] += 1
    return Tops(
        by_address.most_common(most),
        by_user.most_common(most),
        by_rule.most_common(most),
        by_hour.most_common(most),
        total,
    )


def newest_by_rule(alerts: Iterable[Noted]) -> dict[str, tuple[int, Noted]]:
    """How many alerts each trigger raised, and the newest of them, if the newest comes first."""
    found: dict[str, tuple[int, Noted]] = {}
    for alert in alerts:
        count, newest = found.get(alert.rule, (0, alert))
        found[alert.rule] = (count + 1, newest)
    return found
