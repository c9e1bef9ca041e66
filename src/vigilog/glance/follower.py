"""Follows the store and the daemon: two threads that keep a digest and the daemon's own account up to date."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from threading import Event, Thread
from typing import NamedTuple

import msgspec

from vigilog.core.clock import Clock
from vigilog.core.errors import StoreError, VigilogError
from vigilog.glance.digest import Digest
from vigilog.run.control_client import ask
from vigilog.run.status import Status, understood
from vigilog.store import looks
from vigilog.store.database import NAME

TICK = 0.5
STATUS_TICK = 1.0
SWEEP = 60.0
ROWS = 64
"""So many rows of events are taken at once: requests are answered in between."""
ALERTS = 2000
PATIENCE = 5.0


class Daemon(NamedTuple):
    """What the daemon said of itself; or, in words, why nothing is known."""

    status: Status | None
    trouble: str


class Follower:
    """Keeps `digest` and `daemon` up to date from `start` to `stop`. `directory` is the store's, `control` the daemon's socket.
    `trouble` says why the store cannot be read, '' while it can."""

    def __init__(self, directory: str, control: str, clock: Clock) -> None:
        self.directory, self.control, self.clock = directory, control, clock
        self.digest = Digest()
        self.daemon = Daemon(None, "not asked yet")
        self.trouble = ""
        self.caught_up = Event()
        """Set when all that was there at the start was read."""
        self._asked = Event()
        self._ended = Event()
        self._threads = [Thread(target=each, daemon=True) for each in (self._follow, self._ask)]

    def start(self) -> None:
        """Begins."""
        for thread in self._threads:
            thread.start()

    def ready(self, seconds: float) -> None:
        """Waits until what was there at the start was read, and the daemon has answered or not; so long at most."""
        self.caught_up.wait(seconds)
        self._asked.wait(seconds)

    def stop(self) -> None:
        """Ends."""
        self._ended.set()
        for thread in self._threads:
            thread.join(PATIENCE)

    def ask(self, command: str, **arguments: object) -> dict[str, object]:
        """What the daemon answers. Raises NotRunning, NotAllowed, Refused."""
        return ask(self.control, command, patience=60.0, **arguments)

    def _follow(self) -> None:
        try:
            while not self._ended.is_set():
                try:
                    with looks.looking(self.directory) as connection:
                        self._take(connection)
                except StoreError as error:
                    self.trouble = str(error)
                    self.caught_up.set()
                self._ended.wait(2.0)
        finally:
            # whatever ends it before its time, nobody shall take old figures for new ones
            self.trouble = self.trouble or "it is not followed any more; the log of this process says why"
            self.caught_up.set()

    def _take(self, connection: sqlite3.Connection) -> None:
        """Until the end, or until the store fails."""
        known, swept, inode = -1, self.clock(), self._inode()
        while not self._ended.is_set() and self._inode() == inode:
            version = looks.version(connection)
            if version != known:
                self._alerts(connection)
                self._events(connection)
                known, self.trouble = version, ""
            if self.clock() - swept >= SWEEP:
                self.digest.keep_alerts(looks.alert_numbers(connection))
                swept = self.clock()
            self.caught_up.set()
            self._ended.wait(TICK)
        if not self._ended.is_set():
            # another store is there by now: what was known is of the old one
            self.digest = Digest()

    def _inode(self) -> int:
        with suppress(OSError):
            return os.stat(os.path.join(self.directory, NAME)).st_ino
        return 0

    def _alerts(self, connection: sqlite3.Connection) -> None:
        while not self._ended.is_set() and (found := looks.noted(connection, self.digest.last_alert, ALERTS)):
            self.digest.add_alerts(found)

    def _events(self, connection: sqlite3.Connection) -> None:
        while not self._ended.is_set() and (found := looks.counted_after(connection, self.digest.last_event, ROWS)):
            self.digest.add_events(found)
            self._ended.wait(0.001)

    def _ask(self) -> None:
        while not self._ended.is_set():
            try:
                self.daemon = Daemon(understood(ask(self.control, "status", patience=PATIENCE)), "")
            except VigilogError as error:
                self.daemon = Daemon(None, str(error))
            except msgspec.ValidationError as error:
                self.daemon = Daemon(None, f"the daemon is of another version: {error}")
            self._asked.set()
            self._ended.wait(STATUS_TICK)
