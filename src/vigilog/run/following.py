"""What the fleet decides, followed: each decision on its topic is carried out on this host, as `vigilog ban` and `unban` would.

The topic is a source like another (`watch.live_kafka`), read from its beginning the first time. A position is stored together
with what the decisions before it changed, and not before they were carried out.
"""

from __future__ import annotations

import os
import select
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

import msgspec

from vigilog.act.ban.answer import Asked
from vigilog.config.kafka_sources import named
from vigilog.config.settings import Settings
from vigilog.core.clock import Clock
from vigilog.core.errors import VigilogError
from vigilog.core.nouns import Notice, Position
from vigilog.fleet.messages import Decision, decision, key_of_decision
from vigilog.run.errands import Done
from vigilog.run.shutting import Shutting
from vigilog.store.positions import positions
from vigilog.watch.live_kinds import Flow
from vigilog.watch.options import Kafka, Options

CONSUMER = "follow"
RULE = "fleet"
"""How the rule of a ban begins that the fleet decided: behind it comes the trigger, if one did."""


class Following:
    """Follows the decisions in `flow` from `position` on (None: from the first one). `say` takes a line for the log."""

    def __init__(
        self, flow: Flow, position: Position | None, shutting: Shutting, *, clock: Clock, say: Callable[[str], None]
    ) -> None:
        self._flow, self._position, self._shutting = flow, position, shutting
        self._clock, self._say = clock, say
        self._working = False
        self._poll = select.poll()
        self._poll.register(flow, select.POLLIN)

    def doors(self) -> Sequence[int]:
        """What is readable when `is_due` should be asked."""
        return () if self._working else (self._flow.fileno(),)

    def timeout(self) -> float | None:
        """After how many seconds it should be asked even so."""
        if self._working:
            return None
        if self._flow.more:
            return 0.0
        return None if self._flow.due is None else max(0.0, self._flow.due - time.monotonic())

    def is_due(self) -> bool:
        """Whether `work` should be done now: then by whoever asks, before this says so again."""
        if self._working or (self.timeout() != 0.0 and not self._poll.poll(0)):
            return False
        self._working = True
        return True

    def work(self) -> Done:
        """Carries out what has come, and gives what changed, the position among it. May take its time."""
        changes: list[object] = []
        position = self._position
        try:
            for item in self._flow.read(self._position):
                if isinstance(item, Notice):
                    self._say(f"{RULE}: {item.text}")
                    continue
                position = item.position
                changes += self._carried_out(list(self._decisions(item.data)))
        except VigilogError as error:
            self._say(f"{RULE}: {error}")
        if position is not None and position != self._position:
            changes.append(position)
        return Done({"ok": True}, tuple(changes), lambda: self._stored(position))

    def close(self) -> None:
        """Follows no longer."""
        self._flow.close()

    def _stored(self, position: Position | None) -> dict[str, object]:
        self._working = False
        if position is not None and position != self._position:
            self._position = position
            self._flow.accepted(position)
        return {"ok": True}

    def _decisions(self, lines: bytes) -> Iterator[Decision]:
        for line in filter(None, lines.split(b"\n")):
            try:
                yield decision(line)
            except (msgspec.DecodeError, RecursionError) as error:
                self._say(f"{RULE}: a record that is no decision: {error}")

    def _carried_out(self, decisions: Sequence[Decision]) -> list[object]:
        """Bans and lets in, in the order of the last decision about each target."""
        changes: list[object] = []
        action, now = self._shutting.action, self._clock()
        for kind, each in groupby(latest(decisions), lambda found: found.decision):
            if kind == "ban":
                wanted = [asked(found, now) for found in each if is_open(found, now)]
                answers = [action.ban_each(wanted)] if wanted else []
            else:
                answers = [action.unban([found.target], found.made) for found in each]
            for answer in answers:
                changes += answer.changes
                for line in answer.lines:
                    self._say(f"{RULE}: {line}")
        return changes


def following(
    settings: Settings, store: sqlite3.Connection, shutting: Shutting | None, *, clock: Clock, say: Callable[[str], None]
) -> Following | None:
    """Who follows the decisions of the fleet for a daemon, if it is to. Connects to nothing yet. Raises MissingExtra,
    ConfigurationError and StoreError."""
    if not settings.fleet.follow or shutting is None:
        return None
    flow = decided(settings, clock)
    return Following(flow, positions(store, CONSUMER).get(flow.name), shutting, clock=clock, say=say)


def decided(settings: Settings, clock: Clock) -> Flow:
    """The topic of decisions, from its beginning. No other consumer is in its group."""
    from vigilog.fleet.connection import properties  # noqa: PLC0415 - few hosts follow
    from vigilog.watch.kafka import KafkaTopics  # noqa: PLC0415
    from vigilog.watch.kafka_spec import Spec  # noqa: PLC0415
    from vigilog.watch.live_kafka import LiveKafka  # noqa: PLC0415

    member = named(settings.fleet.host or os.uname().nodename, settings.state.directory)
    kafka = Kafka(properties(settings), f"vigilog-follow.{member}", member)
    return LiveKafka(KafkaTopics(Spec((settings.fleet.decisions,)), Options(clock, "all", kafka=kafka)))


def latest(decisions: Iterable[Decision]) -> list[Decision]:
    """The last decision for each target and its ports, in their order: the others would lie beneath it on a compacted topic."""
    found: dict[bytes, Decision] = {}
    for each in decisions:
        key = key_of_decision(each.target, each.ports)
        found.pop(key, None)
        found[key] = each
    return list(found.values())


def is_open(found: Decision, now: float) -> bool:
    """Whether the ban that was decided holds still."""
    return found.until is None or found.until > now


def asked(found: Decision, now: float) -> Asked:
    """A ban that was decided, for what is left of its time."""
    seconds = None if found.until is None else found.until - now
    rule = f"{RULE} {found.trigger}" if found.trigger else RULE
    reason = f"{found.reason} (by {found.by})" if found.by else found.reason
    return Asked(found.target, seconds, found.ports, rule, reason, found.made)
