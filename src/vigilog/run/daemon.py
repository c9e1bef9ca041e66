"""`vigilog run`: one loop that waits for lines, commands, outcomes and signals, and never for anything else.

A turn reads what there is of each source, a few megabytes at most, commits it with what it raised, and hands orders to the
actions' threads. Nothing is kept in memory that a kill would lose.
"""

from __future__ import annotations

import math
import select
import signal
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from vigilog.config.settings import Settings
from vigilog.core.clock import Clock
from vigilog.core.errors import StoreError, VigilogError
from vigilog.core.nouns import Order, Position
from vigilog.core.seams import Source
from vigilog.run import reloading
from vigilog.run.accounts import Accounts
from vigilog.run.actions import BAN, Actions
from vigilog.run.answers import answer, status
from vigilog.run.control import Control, Deferred
from vigilog.run.desk import Desk
from vigilog.run.errands import Done, Errands
from vigilog.run.exposition import rendered
from vigilog.run.following import CONSUMER as FOLLOWER
from vigilog.run.following import following
from vigilog.run.metrics import Metrics, written
from vigilog.run.plan import Plan, compiled
from vigilog.run.reading import Reading
from vigilog.run.recovering import Recovering
from vigilog.run.service import Service
from vigilog.run.shutting import Shutting
from vigilog.run.signals import Signals
from vigilog.run.watchman import CONSUMER, commit, forget, resume
from vigilog.store import bans
from vigilog.store.database import transaction
from vigilog.store.outbox import drop_orders, forget_alerts
from vigilog.store.positions import positions, save_positions
from vigilog.watch.live import Live

if TYPE_CHECKING:
    from vigilog.shipping.outgoing import Outgoing

HOUSEKEEPING = 60.0
PATIENCE = 1.0
"""Seconds until a store that could not be written is tried again."""
ROOM = 0.25
"""Seconds until a full spool is asked for room again."""
LEFT = 30.0
"""Seconds for what is left to do when shipping has ended."""
DAY = 86400.0

Again = Callable[[], tuple[Settings, Plan]]
"""Reads the configuration anew. Raises VigilogError, or an ExceptionGroup of them, if there is a mistake in it."""


class Daemon:
    """The running watchman. `say` takes a line for the log, more of them at a `debug` level up to 2; `shutting` is there
    where it may ban. Raises what makes starting impossible: AlreadyRunning, StoreError, ConfigurationError."""

    def __init__(
        self,
        settings: Settings,
        plan: Plan,
        again: Again,
        *,
        store: sqlite3.Connection,
        live: Live,
        actions: Actions,
        shutting: Shutting | None,
        outgoing: Outgoing,
        clock: Clock,
        steady: Clock,
        say: Callable[[str], None],
        debug: int = 0,
        dry_run: bool = False,
    ) -> None:
        self.settings, self.plan, self.again = settings, plan, again
        self.store, self.live, self.actions, self.shutting, self.outgoing = store, live, actions, shutting, outgoing
        self.clock, self.steady, self.say, self.dry_run = clock, steady, say, dry_run
        self.debug = debug
        self.accounts = Accounts(clock, clock())
        self.reading = Reading(positions(store, CONSUMER), self.accounts, outgoing, say)
        self.watchman = resume(store, compiled(plan, settings, plan.names), settings.run.keys)
        self.watchman.tap = outgoing.tap(self.watchman.triggers)
        self.desk = Desk(store, self.accounts, clock, lambda rule: self.plan.followers.get(rule, ()), say, self.told, outgoing)
        self.recovering = Recovering(() if dry_run else settings.run.recover, say, steady)
        self.following = None if dry_run else following(settings, store, shutting, clock=clock, say=say)
        self.errands = Errands()
        self.settling: deque[tuple[Done, Deferred]] = deque()
        self.service = Service()
        self.control = None if dry_run else Control(settings.run.control)
        self.metrics = Metrics(settings.run.metrics_listen) if settings.run.metrics_listen and not dry_run else None
        self.stalled: float | None = None
        self.stopping = self.reloading = self.metrics_missing = self.full = False
        self.next_housekeeping = self.next_metrics = steady()

    def run(self) -> None:
        """Works until SIGTERM or SIGINT, or, where there is only standard input, until its end."""
        with Signals([signal.SIGTERM, signal.SIGINT, signal.SIGHUP]) as signals:
            left = self.desk.open(self.actions.all)
            if left:
                self.notice("repeated", f"{left} orders were under way when the last run ended; they are begun again")
            self.storing(self.work)  # from here on, what is written is new, also to a log that is seen for the first time
            self.stopping |= self.live.ended
            text = f"watching {', '.join(self.live.names)}"
            self.say(f"dry run: {text}" if self.dry_run else text)
            self.service.ready(text)
            while not self.stopping:
                self.wait(signals.fileno())
                for number in signals.received():
                    self.stopping |= number != signal.SIGHUP
                    self.reloading |= number == signal.SIGHUP
                self.turn()
                self.stopping |= self.live.ended
            self.stop()

    def wait(self, *others: int) -> None:
        """Waits until there is something to do, or something at `others`."""
        poll = select.poll()
        for descriptor in (*others, *self.doors()):
            poll.register(descriptor, select.POLLIN)
        seconds = self.timeout()
        poll.poll(None if seconds is None else math.ceil(seconds * 1000))

    def doors(self) -> list[int]:
        """What to wait for. While the store cannot be written nothing is done about what comes in, so it is not waited for."""
        doors = [door.fileno() for door in (self.control, self.metrics) if door]
        if self.stalled is None:
            doors += [self.desk.fileno(), self.errands.fileno(), self.recovering.fileno()]
            doors += [] if self.full else [self.live.fileno()]
            doors += self.following.doors() if self.following else ()
        return doors

    def timeout(self) -> float | None:
        """How long the loop may wait, in seconds."""
        if self.stalled is not None:
            return max(0.0, self.stalled - self.steady())
        waits = [self.recovering.timeout(), self.service.timeout(), self.next_housekeeping - self.steady()]
        waits += [ROOM] if self.full else [self.live.timeout(), 0.0 if self.reading.unread else None]
        waits.append(self.control.timeout() if self.control else None)
        waits.append(self.following.timeout() if self.following else None)
        waits.append(self.next_metrics - self.steady() if self.metrics_file else None)
        waits.append(self.metrics.timeout() if self.metrics else None)
        return max(0.0, min(wait for wait in waits if wait is not None))

    def turn(self) -> None:
        """One turn of the loop."""
        if self.reloading:
            self.reloading = False
            self.reload_soon()
        if self.control:
            self.control.serve(lambda command, arguments: answer(self, command, arguments))
        if self.metrics:
            self.metrics.serve(lambda: rendered(status(self)))
        self.service.alive()
        if self.stalled is not None and self.steady() < self.stalled:
            return
        self.storing(self.work)
        if self.metrics_file and self.steady() >= self.next_metrics:
            self.next_metrics = self.steady() + self.settings.run.metrics_interval
            self.write_metrics()

    def storing(self, work: Callable[[], None]) -> None:
        """Does what writes to the store. If that cannot be written nothing is lost: it is tried again, and until then nothing
        more is read."""
        try:
            work()
        except StoreError as error:
            if self.stalled is None:
                self.notice("store", f"{error.place}: {error.found}; until it can be written, no more is read or done")
            self.stalled = self.steady() + PATIENCE
        else:
            if self.stalled is not None:
                self.stalled = None
                self.notice("store", "the store can be written again")

    def work(self) -> None:
        """What there is to read, to store and to begin. Raises StoreError."""
        if self.reading.uncommitted:
            self.commit()  # first, or another transaction would store that its records were shipped
        self.desk.collect()
        self.settle_errands(self.errands.finished())
        if self.has_room():
            for source in self.reading.waiting(self.live.ready()):
                self.read(source)
                self.desk.collect()
                if self.outgoing.is_full():
                    break
        self.reading.gather(self.watchman.triggers)
        if self.recovering.is_due():
            self.errands.add(self.recovering.work)
        if self.following and self.following.is_due():
            self.errands.add(self.following.work)
        if self.steady() >= self.next_housekeeping:
            self.tidy()

    def has_room(self) -> bool:
        """Whether sources may be read: what is shipped of them must have room."""
        if self.full != self.outgoing.is_full():
            self.full = not self.full
            text = "the spool is full: no source is read until there is room" if self.full else "the spool has room again"
            self.notice("shipping", text)
        return not self.full

    def settle_errands(self, finished: Iterable[tuple[Done, Deferred]]) -> None:
        """Takes what errands have done, and settles it. Raises StoreError."""
        for each in finished:
            self.settling.append(each)
            self.outgoing.changes(each[0].changes)
        self.settle()

    def settle(self) -> None:
        """Stores what errands changed, then gives their answers. Raises StoreError."""
        while self.settling:
            done, later = self.settling[0]
            self.change(done.changes)
            later.answer(done.then() if done.then and not self.stopping else done.answer)
            self.settling.popleft()

    def read(self, source: Source) -> None:
        """Reads what is new of a source, a turn's worth, and commits it. Raises StoreError."""
        self.reading.read(source, self.watchman)
        self.commit()

    def commit(self) -> None:
        """Stores what was found and how far was read, and begins what is to be done. Raises StoreError."""
        room = self.desk.room()
        alerts, orders = commit(self.store, self.watchman, self.reading.uncommitted, room, self.clock(), self.outgoing)
        self.live.accepted(self.reading.uncommitted)
        self.reading.committed()
        for alert in alerts:
            self.say(f"alert: {alert.rule}: {', '.join(alert.key)}")
        self.desk.begin(orders, room)

    def change(self, changes: Iterable[object]) -> None:
        """Stores what actions changed. Raises StoreError."""
        changes = list(changes)
        with self.outgoing.transaction():
            bans.apply(self.store, changes)
            save_positions(self.store, FOLLOWER, [each for each in changes if isinstance(each, Position)])

    def ask_about_bans(self, command: str, arguments: dict[str, Any]) -> Deferred | Mapping[str, object]:
        """Has a command about bans carried out; where this has nothing to do with them, whoever asks does it. Raises
        VigilogError."""
        if self.shutting is None:
            return {"ok": False, "bans": False, "error": "the daemon has nothing to do with bans: no trigger bans"}
        errand = self.shutting.errand(command, arguments)
        if command == "unban" and arguments.get("all"):
            banning = [name for name, action in self.settings.actions.items() if action.type == BAN]
            with transaction(self.store):
                for name in banning:
                    drop_orders(self.store, name, "everybody was let in", self.clock())
        return self.errands.add(errand)

    def told(self, order: Order) -> list[str]:
        """What is said of an order that begins."""
        return self.actions.told(order, self.debug) if self.debug else []

    def reload_soon(self) -> Deferred:
        """Reads the configuration anew, while the watch goes on."""
        self.service.reloading()
        return self.errands.add(lambda: reloading.errand(self))

    def tidy(self) -> None:
        """Drops what is too old, once a minute. Raises StoreError."""
        self.next_housekeeping = self.steady() + HOUSEKEEPING
        now = self.clock()
        triggers = self.watchman.triggers
        for trigger, windows, undecided in zip(triggers.triggers, self.watchman.windows, triggers.undecided, strict=True):
            more = windows.dropped - self.accounts.dropped.get(trigger.name, 0)
            if more > 0:
                self.notice("dropped", f"trigger {trigger.name}: {more} keys made room for others before they could count")
            self.accounts.dropped[trigger.name] = windows.dropped
            if undecided > self.accounts.undecided.get(trigger.name, 0):
                text = f"trigger {trigger.name}: {undecided} lines were not counted since the start"
                self.notice("undecided", f"{text}: its pattern needs too long for them")
            self.accounts.undecided[trigger.name] = undecided
        forget(self.store, self.watchman)
        self.recovering.watch()
        with transaction(self.store):
            forget_alerts(self.store, now - self.settings.run.keep_days * DAY)
            bans.prune(self.store, now - self.settings.ban.memory)

    @property
    def metrics_file(self) -> str:
        """Where metrics are written to; '' for nowhere: a dry run touches nothing."""
        return "" if self.dry_run else self.settings.run.metrics_file

    def write_metrics(self) -> None:
        """Writes the metrics file."""
        try:
            written(self.metrics_file, rendered(status(self)))
        except VigilogError as error:
            if not self.metrics_missing:
                self.notice("metrics", str(error))
            self.metrics_missing = True
        else:
            self.metrics_missing = False

    def notice(self, kind: str, text: str) -> None:
        """Something that must be known: in the log and in the status."""
        self.accounts.notice(kind, text)
        self.say(text)

    def end_shipping(self) -> None:
        """Waits for acknowledgements as long as the settings allow, and says what became of all."""
        if self.outgoing.to:
            self.service.more_time(self.settings.ship.flush_time + LEFT)
        if ending := self.outgoing.close():
            self.say(f"shipping ended: {ending}")

    def stop(self) -> None:
        """Reads what was received already, lets the actions end what they have, and closes everything."""
        self.reading.close()
        self.service.stopping()
        while received := self.live.drain():
            for source in received:
                self.storing(lambda source=source: self.read(source))  # type: ignore[misc]
        if self.reading.uncommitted:
            self.storing(self.commit)
        last = self.errands.close()
        self.storing(lambda: self.settle_errands(last))
        self.storing(self.desk.close)
        self.end_shipping()
        for door in (self.control, self.metrics):
            if door:
                door.close()
        self.recovering.close()
        if self.following:
            self.following.close()
        self.service.close()
        if self.stalled is not None or self.reading.uncommitted or self.settling:
            raise StoreError("the store could not be written to the end", remedy="what was not stored is read again")
