"""Bans that come from the store, on their way into the register and the firewall: past those who are never banned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice

from vigilog.act.ban.firewall import Entry
from vigilog.act.ban.never import Judge, Never
from vigilog.act.ban.register import Register, seconds
from vigilog.core.visible import shown
from vigilog.store.bans import Banned

_SOME, _LINES = 5000, 20


def judge_of(never: Never, say: Callable[[str], None]) -> Judge:
    """Who judges bans by what is true now; where that cannot be seen it is said, and they stay."""
    try:
        return never.judge()
    except OSError as error:
        say(f"bans were not held against the addresses of this host: {error.strerror}")
        return lambda _: {}


def entering(bans: Iterable[Banned], register: Register, judge: Judge, reasons: dict[str, str], now: float) -> Iterator[Entry]:
    """Takes bans into the register and gives them as a firewall is told, some at a time, so that it can begin with the first
    ones. Those of who is never banned go to `reasons` instead."""
    rest = iter(bans)
    while some := list(islice(rest, _SOME)):
        spared = judge([ban.target for ban in some])
        reasons |= spared
        for ban in some:
            if ban.target not in spared:
                yield Entry(register.hold(ban), seconds(ban, now))


def spared_lines(reasons: Mapping[str, str]) -> list[str]:
    """A line for each of those who are let in because they are never banned; not for each of hundreds."""
    lines = [f"let in: {shown(what)}: {reason}" for what, reason in islice(reasons.items(), _LINES)]
    return [*lines, f"let in: {len(reasons) - _LINES} more"] if len(reasons) > _LINES else lines
