"""One message of a host after the other: counted in the state of its key, and what comes of it. All that a worker does, but for
Kafka and where the state is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, Protocol

import msgspec

from vigilog.act.ban.judge import Policy
from vigilog.core.clock import Clock
from vigilog.fleet import deciding, held
from vigilog.fleet.figures import Figures, Tally
from vigilog.fleet.held import Counted, Held, Uncounted
from vigilog.fleet.messages import Alarm, Decision, Evidence, Sighted, encoded, sighted
from vigilog.fleet.watched import SLOT, Watched

BANS = b"decided."
"""Stands where a trigger's slot does, for what was decided about a key."""
assert len(BANS) == SLOT


class State(Protocol):
    """The state of one key. What is set is kept until a moment at least, in seconds since the epoch."""

    def get_bytes(self, key: bytes) -> bytes | None: ...

    def set_bytes(self, key: bytes, value: bytes, until: int) -> None: ...


class Out(NamedTuple):
    """What is to be told: an alert, or a decision."""

    alarm: bytes = b""
    decision: bytes = b""


class Counter:
    """Counts what the hosts saw. `by` is the worker's name, `say` gets a line for each alert and decision.

    The watched triggers, the allow list and the clock are its own; all that is remembered is in the state.
    """

    def __init__(
        self, watched: Mapping[str, Watched], policy: Policy, by: str, *, clock: Clock, say: Callable[[str], None]
    ) -> None:
        self._watched, self._policy, self._by, self._clock, self._say = watched, policy, by, clock, say
        self._slots = {trigger.slot: trigger for trigger in watched.values()}
        self.figures = Figures({name: Tally() for name in watched}, clock())

    def __call__(self, value: bytes | None, offset: int, arrived: float, state: State) -> tuple[Out, ...]:
        """What a message leads to, that lies at an offset and came to the broker at a moment (seconds since the epoch)."""
        try:
            event = sighted(value or b"")
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.figures.unreadable += 1
            return ()
        if event.clears and not event.trigger:
            self._forgive(event, offset, arrived, state)
            return ()
        trigger = self._watched.get(event.trigger)
        if trigger is None:
            self.figures.unknown += 1
            return ()
        tally = self.figures.triggers[trigger.name]
        before = state.get_bytes(trigger.slot)
        done = held.count(held.unpacked(before) if before else Held(), event, offset, arrived, trigger.counting)
        if isinstance(done, Uncounted):
            if done is Uncounted.LATE:
                tally.late += 1
            else:
                tally.again += 1
            return ()
        tally.events += 1
        state.set_bytes(trigger.slot, held.packed(done.held), held.until(done.held, trigger.counting))
        if not done.proof:
            return ()
        tally.alerts += 1
        return tuple(self._outcome(trigger, alarmed(trigger, event, done, self._clock()), state))

    def until(self, slot: bytes, value: bytes) -> int:
        """Until when what stands in a slot must be kept, in seconds since the epoch; 0 for what nobody knows any more."""
        if slot == BANS:
            return deciding.remembered(deciding.unpacked(value), self._policy)
        trigger = self._slots.get(slot)
        return held.until(held.unpacked(value), trigger.counting) if trigger else 0

    def _forgive(self, event: Sighted, offset: int, arrived: float, state: State) -> None:
        """Begins anew with a key: for all triggers, and with what was decided."""
        for trigger in self._watched.values():
            before = state.get_bytes(trigger.slot)
            done = held.count(held.unpacked(before), event, offset, arrived, trigger.counting) if before else None
            if isinstance(done, Counted):
                state.set_bytes(trigger.slot, held.packed(done.held), held.until(done.held, trigger.counting))
        if state.get_bytes(BANS):
            past = deciding.FORGIVEN
            state.set_bytes(BANS, deciding.packed(past), deciding.remembered(past, self._policy))
        self.figures.forgiven += 1

    def _outcome(self, trigger: Watched, alarm: Alarm, state: State) -> Iterator[Out]:
        self._say(f"alert: {alarm.trigger}: {', '.join(alarm.key) or '-'}: {deciding.reason(alarm)}")
        yield Out(alarm=encoded(alarm))
        if not trigger.bans:
            return
        before = state.get_bytes(BANS)
        decided = deciding.decide(alarm, trigger, deciding.unpacked(before) if before else None, self._policy, self._by)
        if isinstance(decided, str):
            if decided:
                self.figures.spared += 1
                self._say(decided)
            return
        self.figures.decisions += 1
        state.set_bytes(BANS, deciding.packed(decided.past), deciding.remembered(decided.past, self._policy))
        self._say(told(decided.decision))
        yield Out(decision=encoded(decided.decision))


def alarmed(trigger: Watched, event: Sighted, done: Counted, now: float) -> Alarm:
    """The alert that an event raised."""
    facts = [(time, done.facts[number]) for time, number in done.proof]
    return Alarm(
        trigger=trigger.name,
        kind=trigger.kind,
        key=event.key,
        time=done.time,
        count=len(facts),
        hosts=len({fact.host for _, fact in facts}),
        span=facts[-1][0] - facts[0][0],
        fields=event.fields,
        evidence=tuple([Evidence(time, fact.host, fact.source, fact.line) for time, fact in facts[-held.LINES :]]),
        made=now,
    )


def told(decision: Decision) -> str:
    """A decision in words."""
    where = f" from {', '.join(decision.ports)}" if decision.ports else ""
    length = "" if decision.until is None else f" for {decision.until - decision.made:.0f} s"
    return f"decided: {decision.decision} {decision.target}{where}{length}: {decision.trigger}, {decision.reason}"
