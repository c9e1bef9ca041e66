"""Bans where no daemon runs: the store and the firewall are dealt with directly.

It is the way back in, and must work when nothing else does: mistakes in the configuration are told, and what is right in it
(where the store is, which firewall) is used all the same. Only for a new ban everything must be in order, for the allow list
is in there.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from typing import Any

from vigilog.act.ban.action import Answer, Ban
from vigilog.act.ban.answer import Asked
from vigilog.act.ban.backends import Choice
from vigilog.act.ban.helper import start_helper
from vigilog.act.ban.judge import Policy
from vigilog.act.ban.never import Never
from vigilog.act.ban.own import own_addresses
from vigilog.check import rights
from vigilog.cli.visible import visible
from vigilog.config import toml
from vigilog.config.layer import settled
from vigilog.config.settings import Settings
from vigilog.core.clock import wall
from vigilog.core.errors import AlreadyRunning
from vigilog.store import bans, lock
from vigilog.store.database import open_store, transaction

DAY = 86400.0
_WAIT = "try again in a moment, or stop it first (systemctl stop vigilog)"


def listed(options: argparse.Namespace) -> list[dict[str, Any]]:
    """The bans in force, as the store has them. Raises StoreError."""
    settings = _settings(options, strict=False)
    rights.lower(settings.state.directory)
    with closing(open_store(settings.state.directory)) as store:
        return [ban._asdict() for ban in bans.in_force(store, wall())]


def carried_out(
    options: argparse.Namespace, command: str, arguments: Mapping[str, Any], *, alone: bool
) -> tuple[list[str], bool]:
    """Bans or lets in; gives what to say, and whether all was done. `alone`: there is no daemon, and none may start meanwhile;
    otherwise it is one that has nothing to do with bans. Raises AlreadyRunning, FirewallError, StoreError, and for a ban all
    mistakes in the configuration."""
    settings = _settings(options, strict=command == "ban")
    with ExitStack() as stack:
        wanted = settings.ban
        helper = start_helper(Choice(wanted.backend, wanted.forward, wanted.command, 0))
        stack.callback(helper.close)
        rights.lower(settings.state.directory)
        if alone:
            stack.enter_context(_no_daemon(settings.state.directory))
        store = stack.enter_context(closing(open_store(settings.state.directory)))
        policy = Policy(Never((), own_addresses, helper.peers, time.monotonic))
        if command == "ban":
            from vigilog.run.shutting import Shutting  # noqa: PLC0415 - what ends bans must not need all that this loads

            policy = Shutting(settings, helper, clock=wall, say=_say).action.policy
        action = Ban(helper, policy, lambda targets, since: bans.past(store, targets, since), clock=wall, say=_nothing)
        action.know(bans.in_force(store, wall()), bans.lifts(store, wall() - DAY))
        answer = asking(command, arguments)(action)
        _record(store, answer)
        if command == "unban" and arguments.get("all") and answer.done:
            helper.clear()
    return list(answer.lines), answer.done


@contextmanager
def _no_daemon(directory: str) -> Iterator[None]:
    """Makes sure that there is none while the block runs: what is in force, it would know better, and put in again."""
    try:
        with lock.alone(directory, "vigilog run", name=lock.RUN):
            yield
    except AlreadyRunning as error:
        raise AlreadyRunning(f"{error.found}, but does not answer", place=error.place, remedy=_WAIT) from error


def asking(command: str, arguments: Mapping[str, Any]) -> Callable[[Ban], Answer]:
    """What to ask of the bans."""
    if command == "ban":
        reason = arguments.get("reason") or Asked("").reason
        seconds, ports = arguments["seconds"], tuple(arguments["ports"])
        return lambda action: action.ban_each([Asked(each, seconds, ports, reason=reason) for each in arguments["addresses"]])
    if arguments.get("all"):
        return lambda action: action.unban_all()
    return lambda action: action.unban(arguments["addresses"])


def _record(store: sqlite3.Connection, answer: Answer) -> None:
    with transaction(store):
        bans.apply(store, answer.changes)


def _settings(options: argparse.Namespace, *, strict: bool) -> Settings:
    layer = toml.read(options.config or toml.DEFAULT, required=options.config is not None)
    if strict and layer.errors:
        raise ExceptionGroup("mistakes in the configuration", list(layer.errors))
    for error in layer.errors:
        _say(f"not used: {error}")
    return settled(layer)


def _nothing(line: str) -> None:
    """What the firewall did not do is in the answer; that it was set up first, nobody wants to know."""
    del line


def _say(line: str) -> None:
    print(visible(line), file=sys.stderr)
