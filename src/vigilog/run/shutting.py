"""Shutting out, put together: the allow list, the helper with the firewall rights, the action, and the commands about bans."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from vigilog.act.ban import allow
from vigilog.act.ban.action import Ban
from vigilog.act.ban.answer import Answer, Asked
from vigilog.act.ban.backends import Choice
from vigilog.act.ban.firewall import Entry, Firewall, FirewallError, Present
from vigilog.act.ban.helper import Helper, start_helper
from vigilog.act.ban.judge import Policy, Terms
from vigilog.act.ban.length import Lengths
from vigilog.act.ban.never import Never
from vigilog.act.ban.own import own_addresses
from vigilog.act.ban.sessions import here, peers
from vigilog.act.ban.target import Address
from vigilog.config.settings import Settings
from vigilog.core.clock import Clock
from vigilog.core.errors import ConfigurationError
from vigilog.core.nouns import Alert, Place
from vigilog.run.actions import BAN
from vigilog.run.capabilities import NET_ADMIN, held
from vigilog.run.errands import Done
from vigilog.store import bans
from vigilog.store.bans import Banned
from vigilog.store.database import open_store, transaction

DAY = 86400.0


class Nowhere:
    """The firewall of a trial: nothing is ever in it."""

    def restore(self, entries: Iterable[Entry]) -> None:
        """Nothing."""

    def add(self, entries: Sequence[Entry]) -> None:
        """Nothing."""

    def prolong(self, entries: Sequence[Entry]) -> None:
        """Nothing."""

    def remove(self, elements: object) -> None:
        """Nothing."""

    def present(self) -> Present | None:
        """Nobody knows."""
        return None

    def intact(self) -> bool:
        """Always."""
        return True

    def clear(self) -> None:
        """Nothing."""


class Shutting:
    """Bans of this daemon. `action` is what orders go to, `answer` makes an errand of a command about bans."""

    def __init__(self, settings: Settings, firewall: Firewall, *, clock: Clock, say: Callable[[str], None]) -> None:
        self._firewall, self._clock, self._say = firewall, clock, say
        self._directory = ""
        self._own = threading.local()
        self.action = Ban(firewall, self.policy(settings), self._past, clock=clock, say=say)

    def open(self, store: sqlite3.Connection, directory: str) -> None:
        """Puts what the store says is in force into the firewall; `directory` is the store's. Raises StoreError."""
        self._directory = directory
        now = self._clock()
        restored = self.action.restore(bans.in_force(store, now), bans.lifts(store, now - DAY))
        for line in restored.lines:
            self._say(line)
        with transaction(store):
            bans.apply(store, restored.changes)
        if isinstance(self._firewall, Helper):
            threading.Thread(target=self.action.tend, args=(self._firewall.sign,), name="firewall", daemon=True).start()

    def replace(self, policy: Policy) -> Callable[[], Done]:
        """Works by a new policy; gives what is left to do: letting in whom it spares."""
        self.action.policy = policy

        def spare() -> Done:
            spared = self.action.spare()
            for line in spared.lines:
                self._say(line)
            return Done({}, spared.changes)

        return spare

    def errand(self, command: str, arguments: Mapping[str, Any]) -> Callable[[], Done]:
        """What is to be done for a command about bans. Raises ConfigurationError for arguments that make no sense."""
        match command, arguments:
            case "bans", _:
                return lambda: Done({"bans": [_plain(ban) for ban in self.action.in_force()]})
            case "unban", {"all": True}:
                return lambda: _done(self.action.unban_all())
            case "unban", {"addresses": [*texts]}:
                return lambda: _done(self.action.unban(map(str, texts)))
            case "ban", {"addresses": [*texts]}:
                seconds, ports = arguments.get("seconds"), arguments.get("ports") or ()
                wanted = float(seconds) if isinstance(seconds, int | float) else None
                reason = str(arguments.get("reason") or Asked("").reason)
                asked = [Asked(str(text), wanted, tuple(map(str, ports)), reason=reason) for text in texts]
                return lambda: _done(self.action.ban_each(asked))
        raise ConfigurationError(f"the command {command} with {sorted(arguments)}", expected="addresses, or all")

    def policy(self, settings: Settings) -> Policy:
        """What settings say. Looks names up. Raises an ExceptionGroup of the mistakes in the allow list."""
        wanted = settings.ban
        listed = allow.read(wanted.allow, Place("ban.allow"))
        if listed.errors:
            raise ExceptionGroup("mistakes in the allow list", list(listed.errors))
        for remark in listed.remarks:
            self._say(remark)
        never = Never(listed.entries, own_addresses, self._peers, time.monotonic)
        lengths = Lengths(wanted.time, wanted.factor, wanted.max_time, wanted.memory)
        return Policy(never, terms(settings), lengths, wanted.ipv6_prefix)

    def _peers(self) -> frozenset[Address]:
        if isinstance(self._firewall, Helper):
            try:
                return self._firewall.peers() | here(os.environ)
            except FirewallError as error:
                self._say(str(error))
        return peers() | here(os.environ)

    def _past(self, targets: Sequence[str], since: float) -> Mapping[str, int]:
        """Asks the store in whatever thread this is: each has a connection of its own."""
        if not self._directory:
            return {}
        connection: sqlite3.Connection | None = getattr(self._own, "store", None)
        if connection is None:
            connection = self._own.store = open_store(self._directory)
        return bans.past(connection, targets, since)


def terms(settings: Settings) -> Terms:
    """How long an alert's first ban is, and for which ports, as its trigger says."""
    by_trigger = {trigger.name: (trigger.ban_time, trigger.ports) for trigger in settings.triggers}

    def of(alert: Alert) -> tuple[float | None, tuple[str, ...]]:
        return by_trigger.get(alert.rule, (None, ()))

    return of


def needed(settings: Settings) -> bool:
    """Whether any trigger bans, or the fleet does; or a trigger runs a script, which may call `vigilog ban`, and this process
    has the rights for it."""
    used = {name for trigger in settings.triggers for name in trigger.actions}
    types = {action.type for name, action in settings.actions.items() if name in used}
    return BAN in types or settings.fleet.follow or ("script" in types and bool(held("CapEff") >> NET_ADMIN & 1))


@contextmanager
def shutting(settings: Settings, *, clock: Clock, say: Callable[[str], None], trial: bool = False) -> Iterator[Shutting]:
    """The bans of a daemon that is about to start: its helper is started with the rights that this process has now.

    In a `trial` there is no firewall. Raises FirewallError if there must be one and it cannot be had, and the mistakes in the
    allow list.
    """
    if trial:
        yield Shutting(settings, Nowhere(), clock=clock, say=say)
        return
    wanted = settings.ban
    helper = start_helper(Choice(wanted.backend, wanted.forward, wanted.command, wanted.check_interval))
    try:
        yield Shutting(settings, helper, clock=clock, say=say)
    finally:
        helper.close()


def _done(answer: Answer) -> Done:
    return Done(
        {"ok": answer.done, "lines": list(answer.lines), **({} if answer.done else {"error": "\n".join(answer.lines)})},
        answer.changes,
    )


def _plain(ban: Banned) -> dict[str, object]:
    return dict(ban._asdict())
