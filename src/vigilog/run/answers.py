"""What the daemon answers at its control socket."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vigilog import __version__
from vigilog.core.nouns import Position
from vigilog.run.accounts import processor_seconds
from vigilog.run.control import Deferred
from vigilog.run.status import ShipStatus, Status, TriggerStatus, answered, resident
from vigilog.store import bans

if TYPE_CHECKING:
    from vigilog.run.daemon import Daemon
    from vigilog.shipping.outgoing import Outgoing

BANS = ("ban", "unban", "bans")


def answer(daemon: Daemon, command: str, arguments: dict[str, Any]) -> Mapping[str, object] | Deferred:
    """The answer to a command; the daemon does what it says. Raises VigilogError for what cannot be done."""
    match command:
        case "status":
            return answered(status(daemon))
        case "reload":
            return daemon.reload_soon()
        case "flushlogs":
            daemon.actions.reopen()
            return {}
        case _ if command in BANS:
            return daemon.ask_about_bans(command, arguments)
        case _:
            return {"ok": False, "error": f'there is no command "{command}"'}


def behind(position: Position | None) -> int | None:
    """How many bytes of a log are there and were not read; None if that cannot be told (no file, or another by now)."""
    if position is None or not position.source.startswith("file:"):
        return None
    try:
        found = os.stat(position.source.removeprefix("file:"))
    except OSError:
        return None
    inode, offset = position.state.get("inode"), position.state.get("offset")
    return max(0, found.st_size - offset) if inode == found.st_ino and isinstance(offset, int) else None


def shipped(outgoing: Outgoing) -> ShipStatus | None:
    """What became of what is shipped; None where nothing is."""
    counts = outgoing.counts
    if counts is None:
        return None
    told = counts._asdict()
    return ShipStatus(outgoing.to, sent=told.pop("given"), topics=dict(outgoing.topics), **told)


def status(daemon: Daemon) -> Status:
    """How things stand."""
    accounts, watchman, waiting = daemon.accounts, daemon.watchman, daemon.desk.waiting()
    lines_per_second, events_per_second = accounts.rates(sum(tally.events for tally in watchman.tallies))
    triggers = zip(watchman.triggers.triggers, watchman.tallies, watchman.windows, strict=True)
    return Status(
        version=__version__,
        process=os.getpid(),
        started=accounts.started,
        now=daemon.clock(),
        dry_run=daemon.dry_run,
        lines_per_second=lines_per_second,
        events_per_second=events_per_second,
        sources=accounts.source_statuses(
            (name, grade, behind(daemon.reading.positions.get(name))) for name, grade in daemon.live.grades
        ),
        triggers=tuple(
            TriggerStatus(each.name, tally.events, tally.alerts, len(windows), windows.dropped)
            for each, tally, windows in triggers
        ),
        actions=accounts.action_statuses(
            (name, daemon.settings.actions[name].type, waiting.get(name, 0)) for name in daemon.actions.all
        ),
        ship=shipped(daemon.outgoing),
        bans=bans.count(daemon.store, daemon.clock()),
        memory=resident(),
        cpu_seconds=processor_seconds(),
        reloads=accounts.reloads,
        reload=accounts.reload,
        notices_total=accounts.notices_total,
        notices=tuple(accounts.notices),
    )
