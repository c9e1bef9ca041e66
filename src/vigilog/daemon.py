"""`vigilog run`: one loop that waits for lines, commands, outcomes and signals, and never for anything else.

A turn reads what there is of each source, a few megabytes at most, commits it with what it raised, and hands orders to the
actions' threads. Nothing is kept in memory that a kill would lose.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from vigilog import __version__
from vigilog.accounts import Accounts, processor_seconds
from vigilog.acting import Acting
from vigilog.actions import Actions
from vigilog.config.settings import Settings
from vigilog.control import Control, Deferred
from vigilog.core.clock import Clock
from vigilog.core.errors import VigilogError
from vigilog.core.nouns import Alert, Chunk, Notice, Order, Outcome, Position
from vigilog.core.seams import Source
from vigilog.detect.triggers import live
from vigilog.metrics import Metrics, rendered, written
from vigilog.plan import Plan, compiled
from vigilog.service import Service
from vigilog.status import ReloadStatus, Status, TriggerStatus, answered, resident
from vigilog.store import bans
from vigilog.store.database import transaction
from vigilog.store.outbox import add_order, begin_orders, forget_alerts, mark_ended, reopen_orders
from vigilog.store.positions import positions
from vigilog.watch.live import Live
from vigilog.watchman import CONSUMER, Watchman, commit, forget, resume

TURN = 4 << 20
"""Bytes of one source that are read before others get their turn."""
HOUSEKEEPING = 60.0
DAY = 86400.0
DRAIN = 10.0
"""Seconds that actions get to end what they have."""

Configuration = tuple[Settings, Plan]
Again = Callable[[], Configuration]
"""Reads the configuration anew. Raises VigilogError, or an ExceptionGroup of them, if there is a mistake in it."""


@dataclass(slots=True)
class Daemon:
    """The running watchman. `say` takes a line for the log."""

    settings: Settings
    plan: Plan
    again: Again
    store: sqlite3.Connection
    live: Live
    actions: Actions
    clock: Clock
    steady: Clock
    say: Callable[[str], None]
    dry_run: bool = False

    def __post_init__(self) -> None:
        self.accounts = Accounts(self.clock, self.clock())
        self.positions = dict(positions(self.store, CONSUMER))
        self.watchman: Watchman = resume(self.store, compiled(self.plan, self.settings, self.live.names), self.settings.run.keys)
        self.acting = Acting()
        self.service = Service()
        self.control = Control(self.settings.run.control)
        self.metrics = Metrics(self.settings.run.metrics_listen) if self.settings.run.metrics_listen else None
        self.unread: dict[str, Source] = {}
        self.behind: set[str] = set()
        self.stopping = self.reloading = False
        self.next_housekeeping = self.steady() + HOUSEKEEPING
        self.next_metrics = self.steady()
        self.rates = (0.0, 0.0)

    def run(self) -> None:
        """Works until SIGTERM or SIGINT. Raises StoreError if the state cannot be written any more."""
        with selectors.DefaultSelector() as selector, Signals({signal.SIGTERM, signal.SIGINT, signal.SIGHUP}) as signals:
            doors = [signals, self.live, self.control, self.acting, *filter(None, [self.metrics])]
            for door in doors:
                selector.register(door.fileno(), selectors.EVENT_READ)
            self.start()
            self.service.ready(f"watching {len(self.live.names)} sources")
            while not self.stopping:
                selector.select(self.timeout())
                for number in signals.received():
                    self.stopping |= number != signal.SIGHUP
                    self.reloading |= number == signal.SIGHUP
                self.turn()
            self.stop()

    def start(self) -> None:
        """Begins what the last run left undone."""
        self.acting.replace(self.actions.all, DRAIN)
        with transaction(self.store):
            left = reopen_orders(self.store)
        if left:
            self.notice("repeated", f"{left} actions were under way when the last run ended; they are begun again")
        self.fetch(self.acting.room())

    def turn(self) -> None:
        """One turn of the loop."""
        if self.reloading:
            self.reloading = False
            self.reload()
        self.control.serve(self.answer)
        if self.metrics:
            self.metrics.serve(lambda: rendered(self.status()))
        for source in self.live.ready():
            self.unread[source.name] = source
        for source in list(self.unread.values()):
            self.read(source)
            self.collect(self.acting.outcomes())
        self.collect(self.acting.outcomes())
        self.service.alive()
        if self.steady() >= self.next_housekeeping:
            self.tidy()
        if self.settings.run.metrics_file and self.steady() >= self.next_metrics:
            self.next_metrics = self.steady() + self.settings.run.metrics_interval
            self.write_metrics()

    def timeout(self) -> float | None:
        """How long the loop may wait, in seconds."""
        if self.unread:
            return 0.0
        waits = [self.live.timeout(), self.control.timeout(), self.service.timeout()]
        if self.watchman.tallies:
            waits.append(self.next_housekeeping - self.steady())
        if self.settings.run.metrics_file:
            waits.append(self.next_metrics - self.steady())
        if self.metrics:
            waits.append(self.metrics.timeout())
        known = [wait for wait in waits if wait is not None]
        return max(0.0, min(known)) if known else None

    def read(self, source: Source) -> None:
        """Reads what is new of a source, a turn's worth, and commits it."""
        del self.unread[source.name]
        size = 0
        position: Position | None = None
        reading = source.read(self.positions.get(source.name))
        try:
            for item in reading:
                if isinstance(item, Notice):
                    self.accounts.noticed(item)
                    self.say(f"{item.source}: {item.text}")
                    continue
                position = item.position
                if item.data:
                    self.accounts.read(source.name, source.grade, item.data, item.arrived)
                    self.watchman.see(source.name, item.data, item.arrived, live(item.arrived))
                size += len(item.data)
                if size >= TURN:
                    self.unread[source.name] = source
                    break
        except VigilogError as error:
            self.notice("unreadable", str(error))
        finally:
            if hasattr(reading, "close"):
                reading.close()
        self.commit([position] if position else [])

    def commit(self, read: Sequence[Position]) -> None:
        """Stores what was found and how far was read, and begins what is to be done."""
        room = self.acting.room()
        alerts, orders = commit(self.store, self.watchman, read, room, self.clock())
        for position in read:
            self.positions[position.source] = position
        for alert in alerts:
            self.say(f"alert: {alert.rule}: {', '.join(alert.key)}")
        self.behind |= {name for name, left in room.items() if left <= 0}
        self.acting.order(orders)

    def collect(self, outcomes: Sequence[Outcome]) -> None:
        """Stores what became of orders, and begins what follows from it."""
        if outcomes:
            now = self.clock()
            followed = False
            with transaction(self.store):
                bans.apply(self.store, [change for outcome in outcomes for change in outcome.changes])
                mark_ended(self.store, [outcome for outcome in outcomes if outcome.order.number], now)
                for outcome in outcomes:
                    for name in self.followers(outcome):
                        add_order(self.store, name, outcome)
                        followed = True
            for outcome in outcomes:
                self.accounts.ended(outcome)
                self.actions.ended(outcome)
                verb = "" if outcome.done else "not done: "
                self.say(f"{outcome.order.action}: {outcome.order.alert.rule}: {verb}{outcome.reason}")
            if followed:
                self.behind.update(*map(self.followers, outcomes))
        if self.behind:
            room = self.acting.room()
            self.fetch({name: room[name] for name in self.behind if room.get(name, 0) > 0})

    def fetch(self, room: Mapping[str, int]) -> None:
        """Begins orders that wait in the outbox, as many as there is room for."""
        with transaction(self.store):
            orders = begin_orders(self.store, room)
        for name, count in room.items():
            if sum(order.action == name for order in orders) < count:
                self.behind.discard(name)
        self.acting.order(orders)

    def followers(self, outcome: Outcome) -> tuple[str, ...]:
        """The actions that are told of an outcome."""
        return () if outcome.order.of else self.plan.followers.get(outcome.order.alert.rule, ())

    def reload(self) -> ReloadStatus:
        """Reads the configuration anew. What is the same goes on undisturbed; if there is a mistake, everything does."""
        self.service.reloading()
        now = self.clock()
        try:
            settings, plan = self.again()
            if plan.triggers != self.plan.triggers or settings.run != self.settings.run:
                self.live.replace(plan.sources)
                watchman = resume(self.store, compiled(plan, settings, self.live.names), settings.run.keys)
                watchman.inherit(self.watchman)
                self.watchman = watchman
            self.collect(self.acting.replace(self.actions.replaced(settings), DRAIN))
            self.settings, self.plan = settings, plan
            self.accounts.reload = ReloadStatus(now)
            self.accounts.reloads += 1
            self.say("the configuration was read anew")
        except VigilogError as error:
            self.refused(now, [error])
        except ExceptionGroup as group:
            mistakes, others = group.split(VigilogError)
            if others is not None or mistakes is None:
                raise
            self.refused(now, mistakes.exceptions)
        self.service.ready()
        assert self.accounts.reload
        return self.accounts.reload

    def refused(self, now: float, errors: Iterable[BaseException]) -> None:
        """Keeps to the old configuration and says why."""
        texts = tuple(map(str, errors))
        self.accounts.reload = ReloadStatus(now, texts)
        for text in texts:
            self.notice("configuration", f"the old configuration stays: {text}")

    def answer(self, command: str, arguments: dict[str, Any]) -> Mapping[str, object] | Deferred:
        """What the control socket answers to a command."""
        match command:
            case "status":
                return answered(self.status())
            case "reload":
                done = self.reload()
                return {"ok": not done.errors, "errors": list(done.errors)}
            case "flushlogs":
                self.actions.reopen()
                return {}
            case "ban" | "unban" | "bans":
                return self.actions.bans(command, arguments, self.store)
            case _:
                return {"ok": False, "error": f'there is no command "{command}"'}

    def status(self) -> Status:
        """How things stand."""
        tallies = self.watchman.tallies
        events = sum(tally.events for tally in tallies)
        lines_per_second, events_per_second = self.accounts.rates(events)
        waiting = self.acting.waiting()
        triggers = zip(self.watchman.triggers.triggers, tallies, self.watchman.windows, strict=True)
        return Status(
            version=__version__,
            process=os.getpid(),
            started=self.accounts.started,
            now=self.clock(),
            dry_run=self.dry_run,
            lines_per_second=lines_per_second,
            events_per_second=events_per_second,
            sources=self.accounts.source_statuses((source.name, source.grade) for source in self.live.sources),
            triggers=tuple(
                TriggerStatus(each.name, tally.events, tally.alerts, len(windows), windows.dropped)
                for each, tally, windows in triggers
            ),
            actions=self.accounts.action_statuses(
                (name, action.type, waiting.get(name, 0)) for name, action in self.settings.actions.items()
            ),
            bans=len(bans.in_force(self.store, self.clock())),
            memory=resident(),
            cpu_seconds=processor_seconds(),
            reloads=self.accounts.reloads,
            reload=self.accounts.reload,
            notices_total=self.accounts.notices_total,
            notices=tuple(self.accounts.notices),
        )

    def tidy(self) -> None:
        """Drops what is too old, once a minute."""
        self.next_housekeeping = self.steady() + HOUSEKEEPING
        now = self.clock()
        forget(self.store, self.watchman, now)
        with transaction(self.store):
            forget_alerts(self.store, now - self.settings.run.keep_days * DAY)

    def write_metrics(self) -> None:
        """Writes the metrics file."""
        try:
            written(self.settings.run.metrics_file, rendered(self.status()))
        except OSError as error:
            self.notice("metrics", f"{self.settings.run.metrics_file} cannot be written: {error.strerror}")

    def notice(self, kind: str, text: str) -> None:
        """Something that must be known: in the log and in the status."""
        self.accounts.notice(kind, text)
        self.say(text)

    def stop(self) -> None:
        """Reads what was received already, lets the actions end what they have, and closes everything."""
        self.service.stopping()
        for source in self.live.ready():
            if source.grade == "received":
                self.unread[source.name] = source
        while received := [source for source in self.unread.values() if source.grade == "received"]:
            for source in received:
                self.read(source)
        self.collect(self.acting.close(DRAIN))
        self.control.close()
        if self.metrics:
            self.metrics.close()
        self.live.close()
        self.actions.close()
        self.service.close()


class Signals:
    """Signals as something to select on."""

    def __init__(self, numbers: set[signal.Signals]) -> None:
        self._numbers = numbers
        self._former: dict[signal.Signals, Any] = {}
        self._read, self._write = socket.socketpair()
        self._read.setblocking(False)
        self._write.setblocking(False)

    def __enter__(self) -> Signals:
        for number in self._numbers:
            self._former[number] = signal.signal(number, lambda *_: None)
        self._former_wakeup = signal.set_wakeup_fd(self._write.fileno(), warn_on_full_buffer=False)
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(self._former_wakeup)
        for number, former in self._former.items():
            signal.signal(number, former)
        self._read.close()
        self._write.close()

    def fileno(self) -> int:
        """The descriptor to wait for."""
        return self._read.fileno()

    def received(self) -> list[int]:
        """The signals that came since the last call."""
        with suppress(BlockingIOError):
            return list(self._read.recv(256))
        return []
