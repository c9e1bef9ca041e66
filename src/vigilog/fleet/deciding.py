"""From an alert over all hosts to a decision for all of them: who is shut out, for how long; or why nobody is."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from vigilog.act.ban.judge import Policy, of_text
from vigilog.act.ban.length import length
from vigilog.act.ban.target import target
from vigilog.fleet.held import GRID
from vigilog.fleet.messages import Alarm, Decision
from vigilog.fleet.watched import Watched

SETTLING = 60.0
"""Seconds that a decision needs to come to all hosts, and their last lines to come back: what is seen meanwhile leads to no
other."""


class Past(msgspec.Struct, frozen=True, array_like=True):
    """What was decided about a key before: how often it was banned, and of the last time when that was, and until when it
    held; seconds since the epoch."""

    times: int
    made: float
    until: float


class Decided(NamedTuple):
    """A decision, and what is to be remembered of it."""

    decision: Decision
    past: Past


FORGIVEN = Past(0, 0.0, 0.0)
"""Of somebody who was let in by hand nothing is held against him."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Past)


def packed(past: Past) -> bytes:
    """What was decided, as bytes."""
    return _encoder.encode(past)


def unpacked(value: bytes) -> Past:
    """What `packed` made. Raises msgspec.DecodeError."""
    return _decoder.decode(value)


def decide(alarm: Alarm, trigger: Watched, past: Past | None, policy: Policy, by: str) -> Decided | str:
    """What is decided at the moment that the alert was `made` by a trigger that bans; or why nothing is, '' where
    that need not be said: the last decision is on its way.

    Whoever is seen again after the ban is banned for longer, as `[ban]` says. Whoever is seen while it holds, once all hosts
    must know of it, is banned again for the same time: some host does not follow, or somebody let him in.
    """
    now = alarm.made
    if past is not None and now - past.made < SETTLING and past.until > now:
        return ""
    text = address(alarm)
    if text is None:
        return "not banned: the alert names no address (no field address or ip)"
    wanted = of_text(text, trigger.ports, trigger.ban_time, policy)
    if isinstance(wanted, str):
        return wanted
    times = 1
    if past is not None and now - past.until <= policy.lengths.memory:
        times = past.times + (past.until <= now)
    seconds = length(policy.lengths, times, wanted.first)
    decision = Decision(
        decision="ban",
        target=target(wanted.network),
        until=now + seconds,
        reason=reason(alarm) + wanted.note,
        trigger=alarm.trigger,
        evidence=alarm.evidence,
        by=by,
        made=now,
        ports=trigger.ports,
        key=alarm.key,
    )
    return Decided(decision, Past(times, now, now + seconds))


def remembered(past: Past, policy: Policy) -> int:
    """Until when a decision matters for the next one about the same key, in seconds since the epoch."""
    return (int(past.until + policy.lengths.memory) // GRID + 1) * GRID


def address(alarm: Alarm) -> str | None:
    """The text that should be an address: the field `address`, else `ip`, else the only value of the key."""
    for name in ("address", "ip"):
        if name in alarm.fields:
            return alarm.fields[name]
    return alarm.key[0] if len(alarm.key) == 1 else None


def reason(alarm: Alarm) -> str:
    """An alert's reason for a ban, in words."""
    hosts = f"{alarm.hosts} hosts" if alarm.hosts > 1 else "1 host"
    if alarm.count == 1:
        return f"seen on {hosts}"
    return f"{alarm.count} times in {alarm.span:.0f} s on {hosts}"
